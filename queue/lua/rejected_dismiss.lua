#!lua flags=allow-oom
-- Out of the stream of rejected entries, for good. ARGV: stream id
local ms, seq = ARGV[1]:match('^(%d+)%-(%d+)$')
if not ms or #ms > 18 or #seq > 18 or call('XDEL', P .. 'rejected', ARGV[1]) == 0 then
  return refuse('no-such-entry', 'there is no rejected entry with this key')
end
return {'ok'}
