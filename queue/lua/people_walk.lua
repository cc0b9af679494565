#!lua flags=no-writes
-- One block of residents. KEYS: clock, people, res:<block>. ARGV: the block's number. -> last id given out, {id, line, ...}, which of their numbers are dead, {id, numbers of records that became one with it, ...}.
local all, lines = call('HGETALL', KEYS[3]), {}
for i = 2, #all, 2 do
  lines[#lines + 1] = all[i]
end
return {'ok', tonumber(call('HGET', KEYS[2], 'next') or 0), all, dead_among(lines), former_of(all)}
