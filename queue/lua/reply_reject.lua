#!lua
-- What came as a reply and cannot be read as one: whole into the stream, each content once per provider (7 days), however often it is said. KEYS: clock, rejected.
-- ARGV: most entries of the stream, provider, then reason, sentence, entry for each. -> how many are new
if call('XLEN', KEYS[2]) >= tonumber(ARGV[1]) then
  return refuse('busy', 'too many rejected entries wait for staff')
end
local at, n_new = now(), 0
for i = 3, #ARGV, 3 do
  local seen = P .. 'in:' .. ARGV[2] .. ':!' .. redis.sha1hex(ARGV[i + 2])
  if call('EXISTS', seen) == 0 then
    call('XADD', KEYS[2], '*', 'reason', ARGV[i], 'message', ARGV[i + 1], 'entry', ARGV[i + 2], 'at', int(at), 'list', 'reply', 'provider', ARGV[2])
    call('SET', seen, '1', 'EX', 604800)
    n_new = n_new + 1
  end
end
return {'ok', n_new}
