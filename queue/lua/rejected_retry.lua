#!lua
-- Back into the inbox. ARGV: stream id
local ms, seq = ARGV[1]:match('^(%d+)%-(%d+)$')
if not ms or #ms > 18 or #seq > 18 then return refuse('no-such-entry', 'there is no rejected entry with this key') end
local r = call('XRANGE', P .. 'rejected', ARGV[1], ARGV[1])
if #r == 0 then return refuse('no-such-entry', 'there is no rejected entry with this key') end
local f = r[1][2]
for i = 1, #f, 2 do
  if f[i] == 'entry' then call('LPUSH', P .. 'inbox', f[i + 1]) end
end
call('XDEL', P .. 'rejected', ARGV[1])
return {'ok'}
