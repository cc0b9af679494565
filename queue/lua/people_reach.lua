#!lua
-- Everyone with this address of a channel other than SMS can be reached by it (again), or no more. KEYS: clock; ad:<n>, res:<n> follow from the address. ARGV: address, '1' | '0'.
-- -> how many are known by it.
local address, gone = ARGV[1], ARGV[2] == '0'
local bit = address:sub(1, 7) == 'wechat:' and 2 or 4
local n = 0
for id in (call('HGET', index_of(address), address) or ''):gmatch('%d+') do
  local key = P .. 'res:' .. int(math.floor(id / 100))
  local line = call('HGET', key, id)
  if line then
    local f = fields_of(line)
    local flags = tonumber(f[8]) or 0
    local has = math.floor(flags / bit) % 2 == 1
    if has ~= gone then
      flags = flags + (gone and bit or -bit)
      f[8] = flags == 0 and '' or int(flags)
      call('HSET', key, id, line_of(f))
    end
    n = n + 1
  end
end
return {'ok', n}
