#!lua flags=allow-oom
-- Outcomes of a slice. Facts (accepted, failed for good, and in the careful direction unknown) are taken even from a former owner.
-- ARGV: id, slice, owner, recipients known to the caller, outcomes (offset, attempt, state, route as bytes), last (1/0), retry in ms,
--       recipients that wait for a time of their own (offset.route.ms, blank separated), then pairs: offset, detail
local id, slice, owner = ARGV[1], ARGV[2], ARGV[3]
local n, first = P .. 'n:' .. id, ARGV[2] * 200
local st, own, work = n .. ':st', n .. ':own', n .. ':work'
local h = call('HMGET', n, 'state', 'unk', 'maxa', 'lane', 'cur', 'nsl', 'staged')
if not h[1] then return refuse('no-such-notice', 'there is no such notice') end
local mine = call('HGET', own, slice) == owner
local resend, limit = h[2] == '1', tonumber(h[3])
local b = {call('GETRANGE', st, first, first + 199):byte(1, -1)}
local low, high, dead = #b + 1, 0, {}

local function put(i, lo, route, tries)
  b[i], b[i + 1] = route * 16 + lo, tries
  if i < low then low = i end
  if i > high then high = i end
  if lo == 6 then dead[#dead + 1] = i end
end

local r, notes = ARGV[5], call('EXISTS', n .. ':det') == 1
for k = 1, #r, 4 do
  local off, att, code, route = r:byte(k, k + 3)
  local i = off * 2 + 1
  if i < #b then
    local lo, tries = b[i] % 16, b[i + 1]
    local current = lo == 1 and att == tries -- this very attempt is what the ledger waits for
    if lo == 2 or lo == 3 then -- known good: nothing lowers it
    elseif code == 2 and lo == 5 and att == tries then -- this very attempt was accepted, and its receipt, which says more, was faster
    elseif code == 2 then
      put(i, 2, route, tries)
      if notes then call('HDEL', n .. ':det', slice * 100 + off) end -- why an earlier try failed, or had to wait, is over
    elseif code == 5 then
      if att == tries and (lo == 1 or lo == 7) then put(i, 5, route, tries) end
    elseif code == 7 then
      if mine and current then
        put(i, 7, route, tries)
      elseif not mine and not resend and (lo == 0 or lo == 1 or lo == 4) then -- opinions of a former owner count only towards caution
        put(i, 7, route, tries)
      end
    elseif mine and current then
      if code == 4 then
        put(i, limit > 0 and tries >= limit and 6 or 4, route, tries)
      elseif code == 0 then -- nothing was written: no attempt
        put(i, tries > 1 and 4 or 0, (b[i] - lo) / 16, tries - 1)
      elseif code == 8 then
        put(i, 8, route, tries - 1)
      end
    elseif mine and code == 8 and (lo == 0 or lo == 4) then
      put(i, 8, route, tries)
    end
  end
end

local at, tick = now()
local settle, waiting, wait = mine and ARGV[6] == '1', false, tonumber(ARGV[7])
if settle then
  local known = tonumber(ARGV[4])
  for i = 1, #b, 2 do
    local lo = b[i] % 16
    if lo == 1 then -- begun, never reported, and nothing is under way any more: in doubt
      lo = resend and 4 or 7
      put(i, lo, (b[i] - 1) / 16, b[i + 1])
    end
    if lo == 0 or lo == 4 then
      waiting = true
      if i > known * 2 then wait = 0 end -- added to a rolling notice after the claim
    end
  end
end
if high > 0 then call('SETRANGE', st, first + low - 1, string.char(unpack(b, low, high + 1))) end
for _, i in ipairs(dead) do
  call('XADD', P .. 'dead', 'MAXLEN', '~', 100000, '*', 'notice', id, 'index', slice * 100 + (i - 1) / 2, 'code', 'exhausted', 'attempts', b[i + 1])
end
for k = 9, #ARGV, 2 do
  call('HSET', n .. ':det', slice * 100 + ARGV[k], ARGV[k + 1])
end

if mine and ARGV[8] ~= '' then
  local keep, new = {}, {}
  for o, r, ms in ARGV[8]:gmatch('(%d+)%.(%d+)%.(%d+)') do
    keep[#keep + 1], new[o .. '.' .. r] = o .. '.' .. r .. '.' .. int(tick + ms), true
  end
  for o, r, t in (call('HGET', n .. ':late', slice) or ''):gmatch('(%d+)%.(%d+)%.(%d+)') do
    if not new[o .. '.' .. r] and tonumber(t) > tick then keep[#keep + 1] = o .. '.' .. r .. '.' .. t end
  end
  call('HSET', n .. ':late', slice, table.concat(keep, ' '))
end

if settle and waiting then
  if h[1] == RUNNING then call('ZADD', P .. 'lane:' .. h[4], 'LT', tick + wait, id) end
  call('ZADD', work, tick + wait, slice)
  call('HDEL', own, slice)
elseif settle then
  call('HDEL', n .. ':late', slice)
  call('HDEL', own, slice)
  call('ZREM', work, slice)
  -- Completion is derived, not counted: staged, no fresh slice left, work list empty.
  if h[1] == RUNNING and h[7] == '1' and h[5] == h[6] and call('ZCARD', work) == 0 then to_audit(id, h[4], at) end
end
return {'ok', mine and 1 or 0}
