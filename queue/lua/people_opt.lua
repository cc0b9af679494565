#!lua
-- Opt-out and opt-in of everyone with a number, or another address. KEYS: clock, optout, consent; ph:<n> or ad:<n>, res:<n> follow from it. ARGV: address, '1' out | '0' in, the person's
-- words. -> 1 when it was different before. The proof goes first: a torn write may repeat it, never lose it.
local optout, consent = KEYS[2], KEYS[3]
local phone, out, words = ARGV[1], ARGV[2] == '1', ARGV[3]
local changed = (call('SISMEMBER', optout, phone) == 1) ~= out

local function with_flag(line)
  local f = {}
  for v in (line .. '\t'):gmatch('([^\t]*)\t') do
    f[#f + 1] = v
  end
  for i = #f + 1, 9 do
    f[i] = ''
  end
  local flags = tonumber(f[8]) or 0
  f[8] = int(flags - flags % 2 + (out and 1 or 0))
  if f[8] == '0' then
    f[8] = ''
  end
  return (table.concat(f, '\t'):gsub('\t+$', ''))
end

local todo = {}
for id in (call('HGET', index_of(phone), phone) or ''):gmatch('%d+') do
  local key = P .. 'res:' .. int(math.floor(id / 100))
  local line = call('HGET', key, id)
  local new = line and with_flag(line)
  if new and new ~= line then
    changed = true
    todo[#todo + 1] = {key, id, new}
  end
end
if not changed then
  return {'ok', 0}
end
call('XADD', consent, '*', 'phone', phone, 'what', out and 'out' or 'in', 'words', words, 'at', int(now()))
for _, t in ipairs(todo) do
  call('HSET', t[1], t[2], t[3])
end
call(out and 'SADD' or 'SREM', optout, phone)
return {'ok', 1}
