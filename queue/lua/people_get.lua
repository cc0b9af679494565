#!lua flags=no-writes
-- Residents by id or by phone. KEYS: clock; merged, former, res:<n>, ph:<n> and ad:<n> follow from the arguments. ARGV: 'id' | 'phone', then the ids or phones. -> {id, line, ...},
-- each person once, then which of their numbers are dead, then {id, numbers of records that became one with it, ...}. The number of such a record leads to the person.
local out, seen, lines = {}, {}, {}
local take
function take(id)
  if not seen[id] then
    seen[id] = true
    local line = call('HGET', P .. 'res:' .. int(math.floor(id / 100)), id)
    local is = not line and call('HGET', P .. 'merged', id)
    if is then
      return take(is)
    end
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
return {'ok', out, dead_among(lines), former_of(out)}
