#!lua flags=no-writes
-- Residents by id or by phone. KEYS: clock; res:<n> and ph:<n> follow from the arguments. ARGV: 'id' | 'phone', then the ids or phones. -> {id, line, ...},
-- each person once.
local out, seen = {}, {}
local function take(id)
  if not seen[id] then
    seen[id] = true
    local line = call('HGET', P .. 'res:' .. int(math.floor(id / 100)), id)
    if line then
      out[#out + 1] = id
      out[#out + 1] = line
    end
  end
end
for i = 2, #ARGV do
  if ARGV[1] == 'id' then
    take(ARGV[i])
  else
    local key = P .. 'ph:' .. int((tonumber(ARGV[i]:sub(-5)) or 0) % 16384)
    for id in (call('HGET', key, ARGV[i]) or ''):gmatch('%d+') do
      take(id)
    end
  end
end
return {'ok', out}
