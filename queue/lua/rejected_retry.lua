#!lua
-- Back into the inbox it came through. ARGV: stream id
local ms, seq = ARGV[1]:match('^(%d+)%-(%d+)$')
if not ms or #ms > 18 or #seq > 18 then return refuse('no-such-entry', 'there is no rejected entry with this key') end
local r = call('XRANGE', P .. 'rejected', ARGV[1], ARGV[1])
if #r == 0 then return refuse('no-such-entry', 'there is no rejected entry with this key') end
local f = {}
for i = 1, #r[1][2], 2 do f[r[1][2][i]] = r[1][2][i + 1] end
if f.list == 'reply' then return refuse('not-retried', 'a provider sent this as a reply; it can be read and dismissed, not sent again') end
if f.entry then call('LPUSH', P .. (f.list == 'inbox:e' and 'inbox:e' or 'inbox'), f.entry) end
call('XDEL', P .. 'rejected', ARGV[1])
return {'ok'}
