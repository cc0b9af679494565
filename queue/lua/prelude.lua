-- Before every script. KEYS[1] is the clock of the community (or of the shared keys): all keys begin with what precedes that word.
local P = KEYS[1]:sub(1, -6)
local call = redis.call
-- The one clock, in milliseconds, read twice. First what people mean by time: Redis' TIME plus the offset in `P clock` (absent in production;
-- tests move days with it): due, not_after, windows. Then the tick, with microseconds as fraction: leases, waits until the next try, and the order
-- in which notices are served (two claims of one millisecond keep their order). It is TIME, moved on by as much as TIME was ever set back (sweep):
-- moving the day ends no lease and holds nobody up.
local function now()
  local t, moved = call('TIME'), call('MGET', KEYS[1], P .. 'tick.back')
  local ms = t[1] * 1000
  return ms + math.floor(t[2] / 1000) + (tonumber(moved[1] or 0) or 0), ms + t[2] / 1000 + (tonumber(moved[2] or 0) or 0)
end
-- A refusal: never an error reply, so that no user's text reaches Redis' error line.
local function refuse(code, message, field)
  return {'err', code, message, field or ''}
end
-- Integers as text: Lua would print 1.7e+12.
local function int(n)
  return string.format('%.0f', n)
end
-- A reply has its effect while it stands in the stream of those nobody has decided: a daemon that slept through its lease comes too late.
local function undecided(replies, key)
  return #call('XRANGE', replies, key, key) > 0
end
local function refuse_decided()
  return refuse('decided', 'this reply was decided by another daemon')
end
-- The index that tells who has an address: numbers by their last digits, ids of other channels ("wechat:OPENID") by their hash.
local function index_of(address)
  if address:find(':', 1, true) then
    return P .. 'ad:' .. int(tonumber(redis.sha1hex(address):sub(1, 8), 16) % 16384)
  end
  return P .. 'ph:' .. int((tonumber(address:sub(-5)) or 0) % 16384)
end
-- The nine fields of a resident's line, and the line of such fields: empty ones at its end are left out.
local function fields_of(line)
  local f = {}
  for v in (line .. '\t'):gmatch('([^\t]*)\t') do
    f[#f + 1] = v
  end
  for i = #f + 1, 9 do
    f[i] = ''
  end
  return f
end
local function line_of(f)
  return (table.concat(f, '\t'):gsub('\t+$', ''))
end
-- All addresses that a resident's line holds.
local function addresses_of(line)
  local f, list = fields_of(line), {}
  for phone in f[1]:gmatch('[^ ]+') do
    list[#list + 1] = phone
  end
  for i, channel in pairs({[7] = 'wechat:', [9] = 'wecom:'}) do
    for id in f[i]:gmatch('[^ ]+') do
      list[#list + 1] = channel .. id
    end
  end
  return list
end
-- Of two registrations of one person for one thing: does the first one stand before the second? Attended, seated, offered, waiting (statuses 3, 0, 4, 1), of two alike the earlier one.
local function stands_before(status, at, other, other_at)
  local rank = {[3] = 0, [0] = 1, [4] = 2, [1] = 3}
  if rank[status] ~= rank[other] then return rank[status] < rank[other] end
  return at <= other_at
end
-- Who writes from this address: number and line of the resident whose first number it is, else of the first who has it; nil: nobody we know.
local function owner_of(address)
  local owner, owners_line
  for id in (call('HGET', index_of(address), address) or ''):gmatch('%d+') do
    local line = call('HGET', P .. 'res:' .. int(math.floor(id / 100)), id)
    if line and line:match('^[^ \t]+') == address then return id, line end
    if line and not owner then owner, owners_line = id, line end
  end
  return owner, owners_line
end
-- Who opted out and was erased is known by a keyed hash of the address only; nil: nobody was.
local function veiled(address)
  local secret = call('GET', P .. 'optout.key')
  return secret and '#' .. redis.sha1hex(secret .. redis.sha1hex(secret .. address))
end
local function opted_out(address)
  if call('SISMEMBER', P .. 'optout', address) == 1 then return true end
  local hash = veiled(address)
  return hash and call('SISMEMBER', P .. 'optout', hash) == 1 or false
end
-- Everyone with this address wants notices and promotions no more (${out}), or again; ${words}: the proof, kept in the stream `consent`. Was it different before? The proof goes
-- first: a torn write may repeat it, never lose it.
local function opt(address, out, words)
  local changed, todo = opted_out(address) ~= out, {}
  for id in (call('HGET', index_of(address), address) or ''):gmatch('%d+') do
    local key = P .. 'res:' .. int(math.floor(id / 100))
    local line = call('HGET', key, id)
    local f = fields_of(line or '')
    local flags = tonumber(f[8]) or 0
    local new = flags - flags % 2 + (out and 1 or 0)
    f[8] = new == 0 and '' or int(new)
    if line and new ~= flags then
      changed = true
      todo[#todo + 1] = {key, id, line_of(f)}
    end
  end
  if not changed then return false end
  call('XADD', P .. 'consent', '*', 'phone', address, 'what', out and 'out' or 'in', 'words', words, 'at', int(now()))
  for _, t in ipairs(todo) do
    call('HSET', t[1], t[2], t[3])
  end
  call(out and 'SADD' or 'SREM', P .. 'optout', address)
  local hash = veiled(address)
  if hash and not out then call('SREM', P .. 'optout', hash) end
  return true
end
-- A phone that was off, suspended or out of reach once says nothing; one that was three times, each at least half a day after the one before and nothing delivered between, is as
-- good as dead. What is older than 90 days does not count.
local function missed(address, why)
  local at = now()
  local n, last = (call('HGET', P .. 'soft.numbers', address) or ''):match('^(%d+) (%d+)$')
  n, last = tonumber(n or 0), tonumber(last or 0)
  if n > 0 and at - last < 43200000 then return end
  n = at - last > 7776000000 and 1 or n + 1
  if n < 3 then
    call('HSET', P .. 'soft.numbers', address, n .. ' ' .. int(at))
    return
  end
  call('HSET', P .. 'dead.numbers', address, int(at) .. '\t' .. why .. ' (three times, days apart)')
  call('HDEL', P .. 'soft.numbers', address)
end
-- What a provider says of a number for the time to come: 'out' | 'dead' | 'missed' | 'alive'. Of other addresses nothing is kept here.
local function heard_of(address, about, why)
  if address:sub(1, 1) ~= '+' then return end
  if about == 'out' then
    opt(address, true, why)
  elseif about == 'dead' then
    call('HSET', P .. 'dead.numbers', address, int(now()) .. '\t' .. why)
  elseif about == 'missed' then
    missed(address, why)
  elseif about == 'alive' then
    call('HDEL', P .. 'dead.numbers', address)
    call('HDEL', P .. 'soft.numbers', address)
  end
end
-- Which numbers of these residents' lines are dead.
local function dead_among(lines)
  local dead, asked = {}, {}
  if call('EXISTS', P .. 'dead.numbers') == 0 then return dead end
  for _, line in ipairs(lines) do
    for phone in line:match('^[^\t]*'):gmatch('[^ ]+') do
      asked[#asked + 1] = phone
    end
  end
  for from = 1, #asked, 500 do
    local part = {unpack(asked, from, math.min(from + 499, #asked))}
    for i, why in ipairs(call('HMGET', P .. 'dead.numbers', unpack(part))) do
      if why then dead[#dead + 1] = part[i] end
    end
  end
  return dead
end
-- Which other numbers these residents ({id, line, ...}) had before records were merged: {id, numbers, ...}.
local function former_of(list)
  local found = {}
  if call('EXISTS', P .. 'former') == 0 then return found end
  for i = 1, #list, 2 do
    local ids = call('HGET', P .. 'former', list[i])
    if ids then
      found[#found + 1], found[#found + 2] = list[i], ids
    end
  end
  return found
end
-- Resident ${id} has this address no more. True when nobody else has it: what providers said of it is forgotten then.
local function unindex(address, id)
  local key, rest = index_of(address), {}
  for other in (call('HGET', key, address) or ''):gmatch('%d+') do
    if other ~= id then
      rest[#rest + 1] = other
    end
  end
  if #rest > 0 then
    call('HSET', key, address, table.concat(rest, ' '))
    return false
  end
  call('HDEL', key, address)
  call('HDEL', P .. 'dead.numbers', address)
  call('HDEL', P .. 'soft.numbers', address)
  return true
end
-- States of a notice (enum notice_state; SCHEMA.md), as HGET gives them.
local STAGING, AWAITING, SCHEDULED, RUNNING, PAUSED, AUDITING, DONE, CANCELLED, EXPIRED, REJECTED = '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'
local function state_name(s)
  return ({[STAGING] = 'staging', [AWAITING] = 'awaiting-approval', [SCHEDULED] = 'scheduled', [RUNNING] = 'running', [PAUSED] = 'paused',
    [AUDITING] = 'auditing', [DONE] = 'done', [CANCELLED] = 'cancelled', [EXPIRED] = 'expired', [REJECTED] = 'rejected'})[s] or '?'
end
-- A notice is over before all were sent: sweep turns what is left of its recipients into this state. `closing` first: every prefix is safe.
local function over(id, lane, state, reason, at)
  call('ZADD', P .. 'closing', 0, id)
  call('HSET', P .. 'n:' .. id, 'state', state, 'reason', reason, 'finished', at, 'closed', 0)
  call('ZREM', P .. 'lane:' .. lane, id)
  call('ZREM', P .. 'staging:' .. lane, id)
  call('ZREM', P .. 'sched', id)
  call('ZREM', P .. 'auditing', id)
  call('ZREM', P .. 'expiry', id)
end
-- All slices are settled: the ledger is looked through once more before the notice is done.
local function to_audit(id, lane, at)
  call('ZADD', P .. 'auditing', at, id)
  call('HSET', P .. 'n:' .. id, 'state', AUDITING, 'audited', 0)
  call('ZREM', P .. 'lane:' .. lane, id)
end
