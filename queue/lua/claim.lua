#!lua flags=allow-oom
-- One slice of the highest allowed lane that has one. ARGV: lanes ("01"), owner, lease ms
-- Every prefix of the writes is safe: work list before cursor; a torn AOF can repeat a slice, never skip one.
local lanes, owner, lease = ARGV[1], ARGV[2], tonumber(ARGV[3])
local hold = call('PTTL', P .. 'hold')
if hold ~= -2 then
  local most = tonumber(call('GET', P .. 'hold'))
  if most and most > 1 and hold > most then -- it says how long it is meant to last: the clock was set back meanwhile
    hold = most
    call('PEXPIRE', P .. 'hold', most)
  end
  return {'ok', '', math.max(hold, 50)}
end
local at, tick = now()

-- A slice that waits no longer, or whose lease ran out.
local function due(n)
  local slice = call('ZRANGE', n .. ':work', '-inf', tick, 'BYSCORE', 'LIMIT', 0, 1)[1]
  if slice then return slice, call('HEXISTS', n .. ':own', slice) == 1 and 'x' or 'r' end
end

-- Recipients of the slice that wait for a time of their own: offset.route.ms from now.
local function late_of(n, slice)
  local out = {}
  for o, r, t in (call('HGET', n .. ':late', slice) or ''):gmatch('(%d+)%.(%d+)%.(%d+)') do
    if tonumber(t) > tick then out[#out + 1] = o .. '.' .. r .. '.' .. int(math.ceil(t - tick)) end
  end
  return table.concat(out, ' ')
end

local function take(id, n, lane, h)
  local cur = tonumber(h[2])
  local slice, kind = due(n)
  if not slice then
    if cur >= tonumber(h[3]) then return nil end
    slice, kind = h[2], 'f'
  end
  call('ZADD', n .. ':work', math.floor(tick) + lease, slice)
  call('HSET', n .. ':own', slice, owner)
  if kind == 'f' then
    call('HSET', n, 'cur', cur + 1)
    if cur == 0 then call('HSETNX', n, 'started', at) end
  end
  call('ZADD', P .. 'lane:' .. lane, tick, id) -- round robin inside the lane
  local first = slice * 200
  return {'ok', id, slice, kind, lane, h[5], h[4], h[6], call('HGET', n .. ':aud', slice), call('GETRANGE', n .. ':st', first, first + 199), late_of(n, slice)}
end

-- Nothing to take from it now: wait for its earliest slice, or, when all of it is settled, go to the audit.
local function idle(id, n, lane, h)
  local z = P .. 'lane:' .. lane
  local nx = call('ZRANGE', n .. ':work', 0, 0, 'WITHSCORES')
  local staged, till = h[7] == '1', tonumber(h[8] or nil)
  if not staged and till and at >= till then -- a rolling notice that nothing is added to any more
    call('HSET', n, 'staged', 1)
    staged = true
  end
  if nx[2] then
    call('ZADD', z, math.max(tick + 10, tonumber(nx[2])), id)
  elseif staged then
    to_audit(id, lane, at)
  elseif till then
    call('ZADD', z, tick + till - at, id)
  else
    call('ZREM', z, id) -- stage_put brings it back
  end
end

local function look(id, lane)
  local n = P .. 'n:' .. id
  local h = call('HMGET', n, 'state', 'cur', 'nsl', 'exp', 'unk', 'total', 'staged', 'until')
  if h[1] == STAGING then
    call('ZADD', P .. 'lane:' .. lane, tick + 1000, id) -- its first slices were published by a step that was cut off; it will be said again
  elseif h[1] ~= RUNNING then
    call('ZREM', P .. 'lane:' .. lane, id)
  elseif at >= tonumber(h[4]) then
    over(id, lane, EXPIRED, 'expired', at)
  else
    local got = take(id, n, lane, h)
    if not got then idle(id, n, lane, h) end
    return got
  end
end

for i = 1, #lanes do
  local lane = lanes:sub(i, i)
  for _, id in ipairs(call('ZRANGE', P .. 'lane:' .. lane, '-inf', tick, 'BYSCORE', 'LIMIT', 0, 16)) do
    local got = look(id, lane)
    if got then return got end
  end
end

-- Nothing. Should the clock of Redis have gone back, scores of the time before lie ahead: the first of each lane is looked at all the same.
local wait = -1
for i = 1, #lanes do
  local lane = lanes:sub(i, i)
  local nx = call('ZRANGE', P .. 'lane:' .. lane, 0, 0, 'WITHSCORES')
  if nx[1] then
    local got = look(nx[1], lane)
    if got then return got end
    local ms = math.min(10000, math.max(0, math.ceil(nx[2] - tick)))
    if wait < 0 or ms < wait then wait = ms end
  end
end
return {'ok', '', wait}
