#!lua
-- Everyone with this address of a channel other than SMS can be reached by it (again), or no more. KEYS: clock; ad:<n>, res:<n> follow from the address. ARGV: address, '1' | '0'.
-- -> how many are known by it.
local address, gone = ARGV[1], ARGV[2] == '0'
local bit = address:sub(1, 7) == 'wechat:' and 2 or 4
local n = 0
local function others(list, id)
  local rest = {}
  for v in list:gmatch('[^ ]+') do
    if v ~= id then rest[#rest + 1] = v end
  end
  return table.concat(rest, ' ')
end
for id in (call('HGET', index_of(address), address) or ''):gmatch('%d+') do
  local key = P .. 'res:' .. int(math.floor(id / 100))
  local line = call('HGET', key, id)
  if line then
    local f = fields_of(line)
    local flags = tonumber(f[8]) or 0
    local has = math.floor(flags / bit) % 2 == 1
    local rest = others(f[bit == 2 and 7 or 9], address:match(':(.*)$'))
    if gone and rest ~= '' then
      -- another id is left: this one goes
      f[bit == 2 and 7 or 9] = rest
      call('HSET', key, id, line_of(f))
      unindex(address, id)
    elseif has ~= gone then
      flags = flags + (gone and bit or -bit)
      f[8] = flags == 0 and '' or int(flags)
      call('HSET', key, id, line_of(f))
    end
    n = n + 1
  end
end
return {'ok', n}
