#!lua flags=allow-oom
-- Begin, or go on with, erasing one person. KEYS: clock, erasing, optout, optout.key, acts; res:<n>, ph:<n>, ad:<n>, act:<code>:reg follow. ARGV: id, a random secret in case there is none.
-- -> 1 when the person had opted out, {addresses nobody else has}, {addresses others have too}, {code, address, ... of registrations}. Until erase_end the addresses are in
-- `erasing`, so that an erasure cut short is gone on with, also when the person's line is gone already.
local id = ARGV[1]
local line = call('HGET', P .. 'res:' .. int(math.floor(id / 100)), id)
local note = call('HGET', KEYS[2], id)
if not line and not note then
  return refuse('no-such-resident', 'no resident has this number')
end
if not note then
  local mine, shared, out = {}, {}, (tonumber(fields_of(line)[8]) or 0) % 2 == 1
  for _, address in ipairs(addresses_of(line)) do
    local others = false
    for other in (call('HGET', index_of(address), address) or ''):gmatch('%d+') do
      others = others or other ~= id
    end
    out = out or opted_out(address)
    table.insert(others and shared or mine, address)
  end
  note = (out and '1' or '0') .. '\t' .. table.concat(mine, ' ') .. '\t' .. table.concat(shared, ' ')
  call('HSET', KEYS[2], id, note)
end
local out, m, s = note:match('^(%d)\t([^\t]*)\t([^\t]*)$')
local mine, shared, regs = {}, {}, {}
if out == '1' then
  call('SETNX', KEYS[4], ARGV[2])
end
for address in m:gmatch('[^ ]+') do
  mine[#mine + 1] = address
  if out == '1' then
    call('SADD', KEYS[3], veiled(address))
    call('SREM', KEYS[3], address)
  end
end
for address in s:gmatch('[^ ]+') do
  shared[#shared + 1] = address
end
for _, code in ipairs(call('ZRANGE', KEYS[5], 0, -1)) do
  for _, address in ipairs(mine) do
    if call('HEXISTS', P .. 'act:' .. code .. ':reg', address) == 1 then
      regs[#regs + 1] = code
      regs[#regs + 1] = address
    end
  end
end
return {'ok', tonumber(out), mine, shared, regs}
