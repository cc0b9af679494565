#!lua
-- Store a notice and its schedule, and settle the inbox entry it came in, all or nothing. Refused when memory is full.
-- ARGV: id, entry ('' = none), daemon, kind, lane, on_unknown, most attempts, due, not_after, json, digest of what was asked, idempotency key, listed, how its text begins,
-- the plan it is an occurrence of
local id, entry, daemon, kind, lane, digest = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[11]
local n, due = P .. 'n:' .. id, tonumber(ARGV[8])
local lists = {P .. 'inproc:' .. daemon, P .. 'inproc:' .. daemon .. ':e'}
local at, tick = now()

local function settle()
  if entry ~= '' and call('LREM', lists[1], 1, entry) == 0 then call('LREM', lists[2], 1, entry) end
end
-- A notice that was refused when it was staged (it stands in `rejected`) leaves its id to the next try.
local function earlier(other)
  local h = call('HMGET', P .. 'n:' .. other, 'digest', 'state')
  if not h[1] or h[2] == REJECTED then return nil end
  if h[1] ~= digest then return {'ok', 'conflict', other} end
  settle()
  return {'ok', 'same', other}
end

if ARGV[12] ~= '' then
  local known = call('GET', P .. 'idem:' .. ARGV[12])
  if known then
    local other, d = known:match('^(%S+) (%S+)$')
    if d ~= digest then return {'ok', 'conflict', other} end
    local e = earlier(other)
    if e then return e end
  end
end
local e = earlier(id)
if e then return e end
if call('EXISTS', P .. 'plan:' .. id) == 1 then return {'ok', 'conflict', id} end
if ARGV[15] ~= '' then
  local plan = call('HGET', P .. 'plan:' .. ARGV[15], 'state')
  if not plan then return refuse('no-such-plan', 'there is no plan with this id', 'plan') end
  if plan == 'cancelled' then return refuse('plan-cancelled', 'the plan that this belongs to was cancelled', 'plan') end
end
if entry ~= '' and not call('LPOS', lists[1], entry) and not call('LPOS', lists[2], entry) then
  return refuse('already-settled', 'this entry was taken back to the inbox or settled already')
end

-- The hash comes after what makes it wait its turn: an id that leads nowhere is put right by whoever meets it, a notice that nobody meets is lost.
local state = (kind == '3' and DONE) or (due > at and SCHEDULED) or STAGING
if state ~= DONE then
  call('ZADD', P .. 'expiry', ARGV[9], id)
  if state == SCHEDULED then call('ZADD', P .. 'sched', due, id) else call('ZADD', P .. 'staging:' .. lane, tick, id) end
end
if ARGV[13] == '1' then call('ZADD', P .. 'notices', at, id) end
call('UNLINK', n .. ':aud', n .. ':st', n .. ':seen') -- of a refusal that was cut off: who is `seen` would be left out
call('HDEL', n, 'reason', 'finished', 'stager')
call('HSET', n, 'id', id, 'kind', kind, 'lane', lane, 'state', state, 'unk', ARGV[6], 'maxa', ARGV[7], 'due', due > 0 and due or at, 'exp', ARGV[9],
  'json', ARGV[10], 'head', ARGV[14], 'digest', digest, 'created', at, 'total', 0, 'nsl', 0, 'cur', 0, 'staged', 0, 'cursor', '')
if state == DONE then call('HSET', n, 'staged', 1, 'finished', at) end
if ARGV[12] ~= '' then call('SET', P .. 'idem:' .. ARGV[12], id .. ' ' .. digest, 'EX', 604800) end
settle()
return {'ok', 'accepted', id}
