#!lua flags=no-writes
-- Residents by id or by phone. KEYS: clock; res:<n>, ph:<n> and ad:<n> follow from the arguments. ARGV: 'id' | 'phone', then the ids or phones. -> {id, line, ...},
-- each person once, then which of their numbers are dead.
local out, seen, lines = {}, {}, {}
local function take(id)
  if not seen[id] then
    seen[id] = true
    local line = call('HGET', P .. 'res:' .. int(math.floor(id / 100)), id)
    if line then
      out[#out + 1] = id
      out[#out + 1] = line
      lines[#lines + 1] = line
    end
  end
end
for i = 2, #ARGV do
  if ARGV[1] == 'id' then
    take(ARGV[i])
  else
    for id in (call('HGET', index_of(ARGV[i]), ARGV[i]) or ''):gmatch('%d+') do
      take(id)
    end
  end
end
return {'ok', out, dead_among(lines)}
