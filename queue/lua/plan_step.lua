#!lua
-- One occurrence of a plan becomes an entry of the inbox, or is listed as too late. Of two daemons one does it: the cursor says which is next. The entry's id follows from plan and
-- date, so that one that is pushed again after a torn write is the same notice. Refused when memory is full: then it is done later.
-- ARGV: id, cursor it was decided on, new cursor, time of the next step ('' = the plan is over), notice, its not_after, entry ('' = none), row of the log ('' = none) -> 1, or 0 = done by another
local key, id = P .. 'plan:' .. ARGV[1], ARGV[1]
local h = call('HMGET', key, 'state', 'cursor')
if h[1] ~= 'active' then
  call('ZREM', P .. 'plans.due', id)
  return {'ok', 0}
end
if h[2] ~= ARGV[2] then return {'ok', 0} end
if ARGV[7] ~= '' then
  call('ZREMRANGEBYSCORE', key .. ':made', '-inf', now() - 604800000)
  call('ZADD', key .. ':made', ARGV[6], ARGV[5])
  call('LPUSH', P .. 'inbox', ARGV[7])
end
if ARGV[8] ~= '' then
  call('RPUSH', key .. ':log', ARGV[8])
  call('LTRIM', key .. ':log', -100, -1)
end
if ARGV[4] == '' then
  call('HSET', key, 'cursor', ARGV[3], 'state', 'ended', 'finished', (now()))
  call('ZREM', P .. 'plans.due', id)
else
  call('HSET', key, 'cursor', ARGV[3])
  call('ZADD', P .. 'plans.due', ARGV[4], id)
end
return {'ok', 1}
