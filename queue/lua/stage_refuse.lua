#!lua flags=allow-oom
-- A notice that cannot be staged: state rejected, whole in the stream. ARGV: id, reason, sentence
local id, n = ARGV[1], P .. 'n:' .. ARGV[1]
local h = call('HMGET', n, 'state', 'lane', 'json', 'nsl')
if not h[1] then return refuse('no-such-notice', 'there is no such notice') end
if h[1] == REJECTED then return {'ok'} end
if (h[1] ~= STAGING and h[1] ~= SCHEDULED) or h[4] ~= '0' then return refuse('wrong-state', 'this notice is ' .. state_name(h[1]), state_name(h[1])) end
local at = now()
call('XADD', P .. 'rejected', '*', 'reason', ARGV[2], 'message', ARGV[3], 'entry', h[3], 'at', int(at))
call('HSET', n, 'state', REJECTED, 'reason', ARGV[2], 'finished', at)
call('ZREM', P .. 'staging:' .. h[2], id)
call('ZREM', P .. 'sched', id)
call('ZREM', P .. 'expiry', id)
call('UNLINK', n .. ':aud', n .. ':st', n .. ':seen')
return {'ok'}
