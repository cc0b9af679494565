#!lua flags=allow-oom
-- Recipients of some states once more, <= 1,000 a call. ARGV: id, from, states (digits out of 5 failed, 6 exhausted, 7 unknown)
-- Attempts go on counting (a reference is NOTICE.INDEX.ATTEMPT and must never name two messages); the limit moves up instead.
local id, from = ARGV[1], tonumber(ARGV[2])
local at, tick = now()
local n = P .. 'n:' .. id
local h = call('HMGET', n, 'state', 'lane', 'total', 'exp', 'maxa', 'maxb')
local state, total = h[1], tonumber(h[3])
if not state then return refuse('no-such-notice', 'there is no such notice') end
if state ~= RUNNING and state ~= AUDITING and state ~= DONE then
  return refuse('wrong-state', 'this notice is ' .. state_name(state), state_name(state))
end
if at >= tonumber(h[4]) then return refuse('not-after-passed', 'the time after which this must not be sent has passed', 'not_after') end
if total > 0 and call('EXISTS', n .. ':aud') == 0 then return refuse('wrong-state', 'its audience was deleted already', state_name(state)) end
local b = {call('GETRANGE', n .. ':st', 2 * from, 2 * math.min(total, from + 1000) - 1):byte(1, -1)}
local slices, count, tried = {}, 0, 0
local take = {}
for s in ARGV[3]:gmatch('[567]') do take[tonumber(s)] = true end
for i = 1, #b, 2 do
  local lo = b[i] % 16
  if take[lo] then
    b[i] = b[i] - lo
    tried = math.max(tried, b[i + 1])
    slices[math.floor((from + (i - 1) / 2) / 100)] = true
    count = count + 1
  end
end
if count > 0 then
  for slice in pairs(slices) do
    if call('HEXISTS', n .. ':own', slice) == 0 then call('ZADD', n .. ':work', tick, slice) end
  end
  call('ZADD', P .. 'expiry', h[4], id)
  call('ZADD', P .. 'lane:' .. h[2], 'LT', tick, id)
  local base = tonumber(h[6] or h[5]) -- the limit as it was accepted with; 0: none
  if base > 0 and tried + base > tonumber(h[5]) then call('HSET', n, 'maxb', base, 'maxa', tried + base) end
  call('HSET', n, 'state', RUNNING)
  call('HDEL', n, 'finished')
  call('SETRANGE', n .. ':st', 2 * from, string.char(unpack(b)))
  call('ZREM', P .. 'auditing', id)
  call('ZREM', P .. 'purge', id)
end
return {'ok', from + 1000 < total and from + 1000 or -1, count}
