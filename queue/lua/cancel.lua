#!lua flags=allow-oom
-- Nothing of it is begun any more after this. Idempotent. Of a plan: what of it is made and not begun is cancelled, and no more is made. ARGV: id, reason
local h = call('HMGET', P .. 'n:' .. ARGV[1], 'state', 'lane', 'kind')
local function plan(key)
  local at = now()
  call('HSET', key, 'state', 'cancelled', 'finished', at)
  call('ZREM', P .. 'plans.due', ARGV[1])
  for _, id in ipairs(call('ZRANGE', key .. ':made', 0, -1)) do
    local m = call('HMGET', P .. 'n:' .. id, 'state', 'lane', 'started')
    if m[1] == SCHEDULED or m[1] == AWAITING or (m[1] == PAUSED and not m[3]) then over(id, m[2], CANCELLED, ARGV[2], at) end
  end
  return {'ok'}
end
if not h[1] and call('EXISTS', P .. 'plan:' .. ARGV[1]) == 1 then return plan(P .. 'plan:' .. ARGV[1]) end
if not h[1] then return refuse('no-such-notice', 'there is no such notice') end
if h[1] == CANCELLED then return {'ok'} end
if h[1] >= DONE then return refuse('wrong-state', 'this notice is ' .. state_name(h[1]) .. ' already', state_name(h[1])) end
over(ARGV[1], h[2], CANCELLED, ARGV[2], (now()))
return {'ok'}
