#!lua flags=allow-oom
-- Nothing of it is begun any more after this. Idempotent. ARGV: id, reason
local h = call('HMGET', P .. 'n:' .. ARGV[1], 'state', 'lane', 'kind')
if not h[1] then return refuse('no-such-notice', 'there is no such notice') end
if h[1] == CANCELLED then return {'ok'} end
if h[1] >= DONE then return refuse('wrong-state', 'this notice is ' .. state_name(h[1]) .. ' already', state_name(h[1])) end
over(ARGV[1], h[2], CANCELLED, ARGV[2], (now()))
return {'ok'}
