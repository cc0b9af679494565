#!lua flags=allow-oom
-- Take one person's addresses out of one key, a page of it. KEYS: clock, the key. ARGV: cursor ('' = begin), resident's id, addresses ...
-- -> next cursor ('' = done), what was found ('' = nothing), how often, how much of that stays for now.
-- Masks have the length of what they hide: offsets, tails and JSON stay what they are. An audience's line stays a line; who was not written to yet is suppressed, so that what
-- is derived from the ledger stays true.
local key, cursor, id = KEYS[2], ARGV[1], ARGV[2]
local stem = key:sub(#P + 1)
local addresses, patterns, ids = {}, {}, {}
for i = 3, #ARGV do
  local a = ARGV[i]
  addresses[a] = true
  local digits = a:match('^%+(%d+)$')
  if digits then
    digits = digits:match('^86(1%d%d%d%d%d%d%d%d%d%d)$') or digits
    local p = digits:gsub('%d', '%0[ -]?'):gsub('%[ %-%]%?$', '')
    patterns[#patterns + 1] = p
  else
    local name = a:match(':(.*)$')
    ids[#ids + 1] = {a, #name >= 16 and name or a, name}
  end
end
local found, kept = 0, 0

local function replace(s, what)
  local at = s:find(what, 1, true)
  while at do
    s = s:sub(1, at - 1) .. string.rep('*', #what) .. s:sub(at + #what)
    at = s:find(what, 1, true)
  end
  return s
end
-- The same without the person's addresses.
local function mask(s)
  local new = s
  for _, p in ipairs(patterns) do
    new = new:gsub(p, function(m) return string.rep('*', #m) end)
  end
  for _, p in ipairs(ids) do
    new = new == p[3] and string.rep('*', #new) or replace(new, p[2])
  end
  return new, new ~= s
end
local function holds(s)
  local _, yes = mask(s)
  return yes
end

-- ---- an audience and its ledger ----
local function mask_slice(n, slice, text)
  local lines, k, changed = {}, 0, false
  for line in text:gmatch('[^\n]*\n') do
    local own = line:match('^[^\t\n]*')
    for address in own:gmatch('[^ ]+') do
      if addresses[address] then
        line, changed = 'erased' .. string.rep('*', #line - 7) .. '\n', true
        found = found + 1
        local at = 2 * (slice * 100 + k)
        local v, tries = call('GETRANGE', n .. ':st', at, at + 1):byte(1, 2)
        if v and (v % 16 == 0 or v % 16 == 4) then
          call('SETRANGE', n .. ':st', at, string.char(v - v % 16 + 8, tries))
        end
        break
      end
    end
    local masked, other = mask(line)
    if other then found, changed = found + 1, true end
    lines[#lines + 1] = masked
    k = k + 1
  end
  local whole = table.concat(lines)
  if changed then call('HSET', n .. ':aud', slice, whole .. text:sub(#whole + 1)) end
end

-- ---- what was asked for in a notice: a number in its list of numbers goes; a mask would be no number and refuse the whole ----
local function unlist(value)
  local new = value
  for a in pairs(addresses) do
    local q = '"' .. a:gsub('[%+%-%.]', '%%%0') .. '"'
    new = new:gsub(q .. ',', ''):gsub(',' .. q, ''):gsub('%[' .. q .. '%]', '[]')
  end
  return new
end
local function mask_notice(n, field, value)
  local h = call('HMGET', n, 'state', 'lane', 'staged', 'id')
  local ahead = h[1] == STAGING or h[1] == AWAITING or h[1] == SCHEDULED or ((h[1] == RUNNING or h[1] == PAUSED) and h[3] ~= '1')
  if field == 'json' and ahead then
    local new = unlist(value)
    if new:find('"phones":[]', 1, true) then
      if value:find('"not":', 1, true) then return false end
      local at = now()
      over(h[4], h[2], CANCELLED, 'erased', at) -- nobody is left to tell
      new = value
    end
    value = new
  end
  call('HSET', n, field, (mask(value)))
  return true
end

-- The same in a plan, which goes on for those who are left.
local function mask_plan(value)
  local new = unlist(value):gsub(',"not":{"phones":%[%]}', ''):gsub('"not":{"phones":%[%]},', '')
  if new:find('"phones":[]', 1, true) then
    call('HSET', key, 'state', 'cancelled', 'finished', (now())) -- nobody is left to tell
    call('ZREM', P .. 'plans.due', stem:sub(6))
  end
  call('HSET', key, 'json', (mask(new)))
end

local function one_field(field, value)
  local n = key:match('^(.*):aud$')
  if n and stem:sub(1, 2) == 'n:' then
    mask_slice(n, tonumber(field), value)
  elseif holds(field) or holds(value) then
    found = found + 1
    if stem:match('^n:[^:]*$') then
      if not mask_notice(key, field, value) then kept = kept + 1 end
    elseif stem:match('^plan:[^:]*$') and field == 'json' then
      mask_plan(value)
    elseif stem == 'rdone' or stem == 'erasing' or stem:match('^act:.*:reg$') or stem:sub(1, 4) == 'res:' then
      kept = kept + 1 -- decided elsewhere, or gone in a moment
    elseif holds(field) then
      call('HDEL', key, field)
    else
      call('HSET', key, field, (mask(value)))
    end
  end
end

-- A stream's entries cannot be changed: a copy without the person stands for it at the end, with the time it was of.
local function one_entry(entry)
  local f, mine, hit = entry[2], false, false
  for i = 1, #f, 2 do
    mine = mine or ((f[i] == 'from' or f[i] == 'phone') and addresses[f[i + 1]])
    hit = hit or holds(f[i + 1])
  end
  if not hit then return end
  found = found + 1
  if stem == 'replies' then
    kept = kept + 1 -- decided in a moment
    return
  end
  local answered = stem == 'texts' and call('HGET', P .. 'texts.done', entry[1])
  if not (stem == 'texts' and mine) then
    local new = {}
    for i = 1, #f, 2 do
      local v = f[i + 1]
      if mine and f[i] == 'from' then v = 'erased'
      elseif mine and f[i] == 'phone' then v = veiled(v) or 'erased'
      elseif mine and (f[i] == 'text' or f[i] == 'name') then v = '' end
      new[#new + 1], new[#new + 2] = f[i], (mask(v))
    end
    local copy = call('XADD', key, '*', unpack(new))
    if answered then call('HSET', P .. 'texts.done', copy, answered) end
  end
  if answered then call('HDEL', P .. 'texts.done', entry[1]) end
  call('XDEL', key, entry[1])
end

local pages = {}
function pages.string()
  local v = call('GET', key)
  if v and (stem:sub(1, 4) == 'mid:' or not stem:match(':st$')) and holds(v) then
    found = found + 1
    call('DEL', key)
  end
  return ''
end
function pages.list()
  for _, v in ipairs(call('LRANGE', key, cursor == '' and 0 or cursor, (cursor == '' and 0 or cursor) + 49)) do
    if holds(v) then found, kept = found + 1, kept + 1 end -- taken in a moment
  end
  local next_at = (cursor == '' and 0 or tonumber(cursor)) + 50
  return next_at < call('LLEN', key) and int(next_at) or ''
end
function pages.set()
  local r = call('SSCAN', key, cursor == '' and '0' or cursor, 'COUNT', 200)
  for _, m in ipairs(r[2]) do
    if holds(m) then
      found = found + 1
      call('SREM', key, m)
    end
  end
  return r[1] ~= '0' and r[1] or ''
end
function pages.zset()
  local r = call('ZSCAN', key, cursor == '' and '0' or cursor, 'COUNT', 200)
  for i = 1, #r[2], 2 do
    if holds(r[2][i]) then found, kept = found + 1, kept + 1 end
  end
  return r[1] ~= '0' and r[1] or ''
end
function pages.hash()
  local r = call('HSCAN', key, cursor == '' and '0' or cursor, 'COUNT', 50)
  for i = 1, #r[2], 2 do
    one_field(r[2][i], r[2][i + 1])
  end
  return r[1] ~= '0' and r[1] or ''
end
function pages.stream()
  local list = call('XRANGE', key, cursor == '' and '-' or '(' .. cursor, '+', 'COUNT', 200)
  for _, e in ipairs(list) do one_entry(e) end
  return #list == 200 and list[200][1] or ''
end

local kind = call('TYPE', key).ok
if kind == 'none' or stem == 'clock' or stem == 'optout.key' or stem == 'erasing' then
  return {'ok', '', '', 0, 0}
end
if holds(stem) and (stem:sub(1, 4) == 'ctx:' or stem:sub(1, 4) == 'mid:' or stem:sub(1, 6) == 'early:' or stem:sub(1, 4) == 'reg:' or stem:sub(1, 3) == 'in:') then
  call('DEL', key)
  return {'ok', '', stem, 1, 0}
end
local next_cursor = pages[kind] and pages[kind]() or ''
return {'ok', next_cursor, found > 0 and stem or '', found, kept}
