#!lua
-- Two records of one person become one: ${into} stays, ${from} leads to it. KEYS: clock, people, acts, merged, former, erasing; res:<n>, ph:<n>, ad:<n>, act:<code>:*, ctx:<address>, n:<id>:ans,
-- optout and consent follow. ARGV: into, from, 1 = where both are registered one registration goes, 1 = only tell.
-- -> 'done' | 'already' | 'moves' | 'would', id that stays, its line, {code, address, what becomes of it, ...}. After 'moves' register (verb merge) carries each of these out, then this is asked again:
-- every step may be repeated, so that a merge cut short is gone on with by asking again.
local people, acts, merged, former, erasing = unpack(KEYS, 2, 6)
local into, from, one_seat, dry = ARGV[1], ARGV[2], ARGV[3] == '1', ARGV[4] == '1'
local MOST = {phones = 4, tags = 16, former = 16, id = 63}

local function block(id)
  return P .. 'res:' .. int(math.floor(id / 100))
end
local function line_at(id)
  return call('HGET', block(id), id)
end
local stays = line_at(into) and into or call('HGET', merged, into) or into
local a, b = line_at(stays), line_at(from)
if not b and call('HGET', merged, from) then
  local is = call('HGET', merged, from)
  if is == stays then
    return {'ok', 'already', stays, a or '', {}}
  end
  return refuse('merged-elsewhere', 'resident ' .. from .. ' is one with ' .. is .. ' already: merge that one', 'from')
end
if not a or not b then
  return refuse('no-such-resident', 'no resident has the number ' .. (a and from or into), a and 'from' or 'into')
end
if stays == from then
  return into == from and refuse('same-resident', 'that is one record: two different ones are needed', 'from') or {'ok', 'already', stays, a, {}}
end
for _, id in ipairs({stays, from}) do
  if call('HEXISTS', erasing, id) == 1 then
    return refuse('being-erased', 'resident ' .. id .. ' is being erased', '')
  end
end

-- ---- one line of two ----
local function union(s, t, sep, most, what)
  local list, seen = {}, {}
  for v in (s .. sep .. t):gmatch('[^' .. sep .. ']+') do
    if not seen[v] then
      seen[v], list[#list + 1] = true, v
    end
  end
  if #list > most then
    return nil, refuse('too-many', 'together they have ' .. #list .. ' ' .. what .. '; one resident has at most ' .. most, what)
  end
  return table.concat(list, sep)
end
local function bit(flags, n)
  return math.floor(flags / n) % 2 == 1
end
local f, g = fields_of(a), fields_of(b)
local fa, fb = tonumber(f[8]) or 0, tonumber(g[8]) or 0
local new, no = {}, nil
for i = 1, 9 do
  new[i] = f[i] ~= '' and f[i] or g[i]
end
local lists = {{1, ' ', MOST.phones, 'phones'}, {5, ';', MOST.tags, 'tags'}, {7, ' ', 2, 'WeChat ids'}, {9, ' ', 2, 'WeCom ids'}}
for _, l in ipairs(lists) do
  new[l[1]], no = union(f[l[1]], g[l[1]], l[2], l[3], l[4])
  if no then return no end
end
for _, i in ipairs({7, 9}) do
  if #new[i] > MOST.id then
    return refuse('too-many', 'their two ids together are too long to be kept', '')
  end
end
-- An id that nobody can be reached by says so only while there is no other one.
local function lost(n, i)
  return (f[i] ~= '' or g[i] ~= '') and (f[i] == '' or bit(fa, n)) and (g[i] == '' or bit(fb, n))
end
local out = bit(fa, 1) or bit(fb, 1)
local flags = (out and 1 or 0) + (lost(2, 7) and 2 or 0) + (lost(4, 9) and 4 or 0)
new[8] = flags == 0 and '' or int(flags)
local whole = line_of(new)
local names = union(call('HGET', former, stays) or '', from .. ' ' .. (call('HGET', former, from) or ''), ' ', 1000, 'former numbers')
if select(2, names:gsub('%d+', '')) > MOST.former then
  return refuse('too-many', 'this resident was merged ' .. MOST.former .. ' times already', 'into')
end

-- ---- registrations: all under the first number, with the number that stays ----
local first = new[1]:match('^[^ ]+')
local function is_ours(row, address)
  local id = row:match('^%d+\t%d+\t%d+\t(%d+)')
  if id == stays or id == from then return true end
  if id and id ~= '0' and line_at(id) then return false end
  for other in (call('HGET', index_of(address), address) or ''):gmatch('%d+') do
    if other ~= stays and other ~= from then return false end
  end
  return true
end
local function standing(code, who)
  local row = call('HGET', P .. 'act:' .. code .. ':reg', who)
  if not row then return nil end
  local status, at = row:match('^(%d+)\t%d+\t(%d+)')
  local seated = call('ZSCORE', P .. 'act:' .. code .. ':conf', who)
  local waits = call('ZSCORE', P .. 'act:' .. code .. ':wait', who)
  return {row = row, at = tonumber(at), status = seated and (tonumber(({['3'] = 3, ['4'] = 4})[status] or 0)) or waits and 1 or 2}
end
local moves, both, theirs = {}, {}, {}
local function look_at(code, address)
  local src = standing(code, address)
  if not src or not is_ours(src.row, address) then return end
  if address == first then
    if src.row:match('^%d+\t%d+\t%d+\t(%d+)') == from then
      moves[#moves + 1] = {code, address, 'stays'}
    end
    return
  end
  local dst = standing(code, first)
  if dst and dst.status ~= 2 and not is_ours(dst.row, first) then
    theirs[#theirs + 1] = code
  end
  local what = 'moves'
  if src.status == 2 and dst then
    what = 'goes'
  elseif src.status ~= 2 and dst and dst.status ~= 2 then
    both[#both + 1] = code
    what = stands_before(dst.status, dst.at, src.status, src.at) and 'given-up' or 'instead'
  end
  moves[#moves + 1] = {code, address, what}
end
local addresses, seen = {}, {}
for _, l in ipairs({a, b}) do
  for _, address in ipairs(addresses_of(l)) do
    if not seen[address] then
      seen[address], addresses[#addresses + 1] = true, address
    end
  end
end
for _, code in ipairs(call('ZRANGE', acts, 0, -1)) do
  for _, address in ipairs(addresses) do
    look_at(code, address)
  end
end
if #theirs > 0 then
  return refuse('seat-of-another', 'their first number is also another resident\'s, who is registered for ' .. table.concat(theirs, ', ') .. ': one number holds one registration', 'from')
end
if #both > 0 and not one_seat then
  return refuse('both-registered', 'both are registered for ' .. table.concat(both, ', ') ..
    ': one person has one registration. Told to (one_seat, --one-seat), a seat is kept before a place on the waiting list, of two alike the earlier one; the other is given up', 'one_seat')
end
local list = {}
for _, m in ipairs(moves) do
  for i = 1, 3 do
    list[#list + 1] = m[i]
  end
end
if dry or #moves > 0 then
  return {'ok', dry and 'would' or 'moves', stays, whole, list}
end

-- ---- the effect: first everything leads to who stays, the other record goes last ----
local function reindex(address)
  local key = index_of(address)
  local ids = call('HGET', key, address) or ''
  if not (' ' .. ids .. ' '):find(' ' .. stays .. ' ', 1, true) then
    call('HSET', key, address, ids == '' and stays or ids .. ' ' .. stays)
  end
end
for _, address in ipairs(addresses_of(whole)) do
  reindex(address)
end
if out and not (bit(fa, 1) and bit(fb, 1)) then
  local late = fields_of(bit(fa, 1) and b or a)[1]:match('^[^ ]+')
  call('XADD', P .. 'consent', '*', 'phone', late, 'what', 'out', 'words',
    'merged: resident ' .. (bit(fa, 1) and stays or from) .. ', the same person, had opted out', 'at', int((now())))
end
call('HSET', block(stays), stays, whole)
-- Questions that were put to another number are the person's; of two answers to one question the later one counts.
local function carry_questions(address)
  local own, mine = P .. 'ctx:' .. address, P .. 'ctx:' .. first
  local q, had = call('HMGET', own, 'asked', 'rollcall', 'choices'), call('HMGET', mine, 'asked', 'rollcall', 'choices')
  for notice in (q[3] or ''):gmatch('%S+') do
    local key = P .. 'n:' .. notice .. ':ans'
    local said, before = call('HGET', key, address), call('HGET', key, first)
    local at, at_before = tonumber((said or ''):match('^%S+ (%d+)')) or 0, tonumber((before or ''):match('^%S+ (%d+)')) or 0
    if said and at >= at_before then call('HSET', key, first, said) end
    if said then call('HDEL', key, address) end
  end
  if q[1] and not had[1] then call('HSET', mine, 'asked', q[1]) end
  if q[2] and (not had[2] or tonumber(had[2]) < tonumber(q[2])) then call('HSET', mine, 'rollcall', q[2]) end
  if q[3] then call('HSET', mine, 'choices', (union(had[3] or '', q[3], ' ', 1000, 'questions'))) end
  if q[1] or q[2] or q[3] then
    if call('TTL', mine) < 604800 then call('EXPIRE', mine, 604800) end
    call('HDEL', own, 'asked', 'rollcall', 'choices')
  end
end
for _, address in ipairs(addresses) do
  if address ~= first then carry_questions(address) end
end
for id in names:gmatch('%d+') do
  call('HSET', merged, id, stays)
end
call('HSET', former, stays, names)
call('HDEL', former, from)
call('HINCRBY', people, 'n', -1)
call('HDEL', block(from), from)
for _, address in ipairs(addresses_of(b)) do
  unindex(address, from)
end
return {'ok', 'done', stays, whole, {}}
