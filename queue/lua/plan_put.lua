#!lua
-- Store a plan (a notice that comes again), and settle the inbox entry it came in. The same id and the same words are one plan. Refused when memory is full.
-- ARGV: id, entry ('' = none), daemon, json, digest of what was asked, idempotency key, time of the first step, date before the first one
local id, entry, digest = ARGV[1], ARGV[2], ARGV[5]
local key, at = P .. 'plan:' .. id, now()
local lists = {P .. 'inproc:' .. ARGV[3], P .. 'inproc:' .. ARGV[3] .. ':e'}

local function settle()
  if entry ~= '' and call('LREM', lists[1], 1, entry) == 0 then call('LREM', lists[2], 1, entry) end
end
if ARGV[6] ~= '' then
  local known = call('GET', P .. 'idem:' .. ARGV[6])
  if known then
    local other, d = known:match('^(%S+) (%S+)$')
    if d ~= digest then return {'ok', 'conflict', other} end
    settle()
    return {'ok', 'same', other}
  end
end
local before = call('HGET', key, 'digest')
if before and before ~= digest or call('EXISTS', P .. 'n:' .. id) == 1 then return {'ok', 'conflict', id} end
if before then
  settle()
  return {'ok', 'same', id}
end
if entry ~= '' and not call('LPOS', lists[1], entry) and not call('LPOS', lists[2], entry) then
  return refuse('already-settled', 'this entry was taken back to the inbox or settled already')
end
-- The hash last: an id in the lists without it is passed over, a plan that nobody meets would be lost.
call('ZADD', P .. 'plans', at, id)
call('ZADD', P .. 'plans.due', ARGV[7], id)
call('HSET', key, 'id', id, 'state', 'active', 'json', ARGV[4], 'digest', digest, 'created', at, 'cursor', ARGV[8])
if ARGV[6] ~= '' then call('SET', P .. 'idem:' .. ARGV[6], id .. ' ' .. digest, 'EX', 604800) end
settle()
return {'ok', 'accepted', id}
