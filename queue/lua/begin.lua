#!lua flags=allow-oom
-- Mark recipients of a slice as sending, before a byte is written. Answers (offset, attempt) byte pairs of those that may be sent.
-- ARGV: id, slice, owner, offset, count, fresh (1/0), lease ms
local id, slice, off = ARGV[1], ARGV[2], tonumber(ARGV[4])
local n = P .. 'n:' .. id
local h = call('HMGET', n, 'state', 'exp', 'unk', 'maxa', 'lane')
if not h[1] then return refuse('lost', 'this notice does not exist any more') end
if call('HGET', n .. ':own', slice) ~= ARGV[3] then return refuse('lost', 'another daemon has this slice, or it is settled') end
if h[1] ~= RUNNING then return refuse('stopped', 'this notice is ' .. state_name(h[1]), state_name(h[1])) end
local at, tick = now()
if at >= tonumber(h[2]) then
  over(id, h[5], EXPIRED, 'expired', at)
  return refuse('stopped', 'this notice has expired', 'expired')
end

local resend, limit, fresh = h[3] == '1', tonumber(h[4]), ARGV[6] == '1'
local first = slice * 200 + off * 2
local b = {call('GETRANGE', n .. ':st', first, first + 2 * ARGV[5] - 1):byte(1, -1)}
local go, n_go, dead = {}, 0, {}
for i = 1, #b, 2 do
  local lo, tries = b[i] % 16, b[i + 1]
  local route = b[i] - lo
  if lo == 1 and not fresh then -- met after a re-claim: in doubt
    lo = resend and 4 or 7
  end
  if lo == 0 or lo == 4 then
    if limit > 0 and tries >= limit then
      lo = 6
      dead[#dead + 1] = i
    else
      lo = 1
      if tries < 255 then tries = tries + 1 end
      go[n_go + 1], go[n_go + 2] = off + (i - 1) / 2, tries
      n_go = n_go + 2
    end
  end
  b[i], b[i + 1] = route + lo, tries
end
if #b > 0 then call('SETRANGE', n .. ':st', first, string.char(unpack(b))) end
call('ZADD', n .. ':work', 'XX', 'GT', math.floor(tick) + ARGV[7], slice)
for _, i in ipairs(dead) do
  call('XADD', P .. 'dead', 'MAXLEN', '~', 100000, '*', 'notice', id, 'index', slice * 100 + off + (i - 1) / 2, 'code', 'exhausted', 'attempts', b[i + 1])
end
return {'ok', string.char(unpack(go))}
