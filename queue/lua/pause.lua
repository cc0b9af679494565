#!lua flags=allow-oom
-- ARGV: id
local id, n = ARGV[1], P .. 'n:' .. ARGV[1]
local h = call('HMGET', n, 'state', 'lane')
if not h[1] then return refuse('no-such-notice', 'there is no such notice') end
if h[1] == PAUSED then return {'ok'} end
if h[1] ~= STAGING and h[1] ~= SCHEDULED and h[1] ~= RUNNING then
  return refuse('wrong-state', 'this notice is ' .. state_name(h[1]), state_name(h[1]))
end
call('HSET', n, 'state', PAUSED)
call('ZREM', P .. 'lane:' .. h[2], id)
call('ZREM', P .. 'staging:' .. h[2], id)
call('ZREM', P .. 'sched', id)
return {'ok'}
