#!lua flags=allow-oom
-- The next notice whose audience is to be frozen, highest lane first, leased to one daemon.
-- ARGV: owner, lease ms, again (1: this owner never got an answer, so what it holds is handed out once more), lanes ("0123")
local at, tick = now()
local wait = -1
for lane = 0, ARGV[3] == '1' and 3 or -1 do
  local z = P .. 'staging:' .. lane
  for _, id in ipairs(call('ZRANGE', z, 0, 99)) do
    if call('HGET', P .. 'n:' .. id, 'stager') == ARGV[1] then call('ZADD', z, tick, id) end
  end
end
for i = 1, #ARGV[4] do
  local lane = ARGV[4]:sub(i, i)
  local z = P .. 'staging:' .. lane
  for _, id in ipairs(call('ZRANGE', z, '-inf', tick, 'BYSCORE', 'LIMIT', 0, 16)) do
    local n = P .. 'n:' .. id
    local h = call('HMGET', n, 'state', 'staged', 'exp', 'json', 'cursor', 'total')
    local alive = h[1] == STAGING or h[1] == RUNNING or h[1] == SCHEDULED
    if not alive or h[2] == '1' then
      call('ZREM', z, id)
    elseif at >= tonumber(h[3]) then
      over(id, lane, EXPIRED, 'expired', at)
    else
      call('ZADD', z, tick + ARGV[2], id)
      call('HSET', n, 'stager', ARGV[1])
      if h[1] == SCHEDULED then call('HSET', n, 'state', STAGING) end
      return {'ok', id, h[4], h[5], h[6], h[3], lane}
    end
  end
  local nx = call('ZRANGE', z, 0, 0, 'WITHSCORES')
  if nx[2] then
    local ms = math.max(0, math.ceil(nx[2] - tick))
    if wait < 0 or ms < wait then wait = ms end
  end
end
return {'ok', '', wait}
