#!lua
-- Back into the inbox. ARGV: stream id
local r = call('XRANGE', P .. 'rejected', ARGV[1], ARGV[1])
if #r == 0 then return refuse('no-such-entry', 'there is no rejected entry with this key') end
local f = r[1][2]
for i = 1, #f, 2 do
  if f[i] == 'entry' then call('LPUSH', P .. 'inbox', f[i + 1]) end
end
call('XDEL', P .. 'rejected', ARGV[1])
return {'ok'}
