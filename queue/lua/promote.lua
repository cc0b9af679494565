#!lua flags=allow-oom
-- What is due goes to staging; any daemon, no leader. A due alert must not wait for memory. ARGV: most
local moved, at, tick = 0, now()
for _, id in ipairs(call('ZRANGE', P .. 'sched', '-inf', at, 'BYSCORE', 'LIMIT', 0, ARGV[1])) do
  local h = call('HMGET', P .. 'n:' .. id, 'state', 'lane')
  if h[1] == SCHEDULED then
    call('ZADD', P .. 'staging:' .. h[2], tick, id)
    call('HSET', P .. 'n:' .. id, 'state', STAGING)
    moved = moved + 1
  elseif not h[1] then -- must not block the schedule, must not vanish
    call('XADD', P .. 'dead', 'MAXLEN', '~', 100000, '*', 'notice', id, 'code', 'no-such-notice')
  end
  call('ZREM', P .. 'sched', id)
end
local nx = call('ZRANGE', P .. 'sched', 0, 0, 'WITHSCORES')
return {'ok', moved, nx[2] and math.max(0, nx[2] - at) or -1}
