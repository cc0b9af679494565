#!lua flags=allow-oom
-- One slice of the highest allowed lane that has one. ARGV: lanes ("01"), owner, lease ms
-- Every prefix of the writes is safe: work list before cursor; a torn AOF can repeat a slice, never skip one.
local lanes, owner, lease = ARGV[1], ARGV[2], tonumber(ARGV[3])
local hold = call('PTTL', P .. 'hold')
if hold ~= -2 then return {'ok', '', math.max(hold, 50)} end
local at, exact = now()

local function take(id, n, lane, h)
  local work, own = n .. ':work', n .. ':own'
  local cur = tonumber(h[2])
  local slice, kind = call('ZRANGE', work, '-inf', at, 'BYSCORE', 'LIMIT', 0, 1)[1], 'f'
  if slice then
    kind = call('HEXISTS', own, slice) == 1 and 'x' or 'r' -- x: somebody's lease ran out
  elseif cur < tonumber(h[3]) then
    slice = h[2]
  else
    return nil
  end
  call('ZADD', work, at + lease, slice)
  call('HSET', own, slice, owner)
  if kind == 'f' then
    call('HSET', n, 'cur', cur + 1)
    if cur == 0 then call('HSETNX', n, 'started', at) end
  end
  call('ZADD', P .. 'lane:' .. lane, exact, id) -- round robin inside the lane
  local first = slice * 200
  return {'ok', id, slice, kind, lane, h[5], h[4], h[6], call('HGET', n .. ':aud', slice), call('GETRANGE', n .. ':st', first, first + 199)}
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
    call('ZADD', z, nx[2], id)
  elseif staged then
    to_audit(id, lane, at)
  elseif till then
    call('ZADD', z, till, id)
  else
    call('ZREM', z, id) -- stage_put brings it back
  end
end

local wait = -1
for i = 1, #lanes do
  local lane = lanes:sub(i, i)
  local z = P .. 'lane:' .. lane
  for _, id in ipairs(call('ZRANGE', z, '-inf', exact, 'BYSCORE', 'LIMIT', 0, 16)) do
    local n = P .. 'n:' .. id
    local h = call('HMGET', n, 'state', 'cur', 'nsl', 'exp', 'unk', 'total', 'staged', 'until')
    if h[1] == STAGING then
      call('ZADD', z, at + 1000, id) -- its first slices were published by a step that was cut off; it will be said again
    elseif h[1] ~= RUNNING then
      call('ZREM', z, id)
    elseif at >= tonumber(h[4]) then
      over(id, lane, EXPIRED, 'expired', at)
    else
      local got = take(id, n, lane, h)
      if got then return got end
      idle(id, n, lane, h)
    end
  end
  local nx = call('ZRANGE', z, 0, 0, 'WITHSCORES')
  if nx[2] then
    local ms = math.max(0, math.ceil(nx[2] - at))
    if wait < 0 or ms < wait then wait = ms end
  end
end
return {'ok', '', wait}
