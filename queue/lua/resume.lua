#!lua flags=allow-oom
-- Back to where it was: what it lacks tells where that is. ARGV: id
local id, n = ARGV[1], P .. 'n:' .. ARGV[1]
local at, tick = now()
local h = call('HMGET', n, 'state', 'lane', 'due', 'exp', 'staged', 'nsl')
if not h[1] then return refuse('no-such-notice', 'there is no such notice') end
local lane, state = h[2], h[1]
if state == RUNNING or state == STAGING or state == SCHEDULED then return {'ok'} end
if state ~= PAUSED then return refuse('wrong-state', 'this notice is ' .. state_name(state), state_name(state)) end
if at >= tonumber(h[4]) then
  over(id, lane, EXPIRED, 'expired', at)
  return refuse('wrong-state', 'this notice has expired while it was paused', 'expired')
end
if tonumber(h[3]) > at then
  call('ZADD', P .. 'sched', h[3], id)
  call('HSET', n, 'state', SCHEDULED)
  return {'ok'}
end
if h[5] ~= '1' then call('ZADD', P .. 'staging:' .. lane, tick, id) end
if h[6] ~= '0' then call('ZADD', P .. 'lane:' .. lane, tick, id) end
call('HSET', n, 'state', h[6] ~= '0' and RUNNING or STAGING)
return {'ok'}
