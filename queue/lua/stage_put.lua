#!lua
-- Append recipients if the cursor still is where the caller saw it. Complete slices are published at once: sending may begin.
-- ARGV: id, expected cursor, new cursor, last (1/0), lease ms, lines (each ends in LF)
local id, last = ARGV[1], ARGV[4] == '1'
local n, aud, seen = P .. 'n:' .. ARGV[1], P .. 'n:' .. ARGV[1] .. ':aud', P .. 'n:' .. ARGV[1] .. ':seen'
local at, tick = now()
local h = call('HMGET', n, 'state', 'lane', 'total', 'nsl', 'staged', 'cursor', 'exp')
local state, lane = h[1], h[2]
if not state then return refuse('stage-lost', 'this notice does not exist') end
if (state ~= STAGING and state ~= RUNNING) or h[5] == '1' then
  return refuse('stage-lost', 'this notice is ' .. state_name(state), state_name(state))
end
if h[6] ~= ARGV[2] then return refuse('stage-lost', 'another daemon was faster') end
if at >= tonumber(h[7]) then
  over(id, lane, EXPIRED, 'expired', at)
  return refuse('stage-lost', 'this notice has expired', 'expired')
end

-- New lines, without those whose first address is there already (in this page, or in an earlier one).
local lines, addresses, here = {}, {}, {}
for line in ARGV[6]:gmatch('([^\n]*)\n') do
  local a = line:match('^[^ \t]*')
  if a == '' then
    lines[#lines + 1] = {line}
  elseif not here[a] then
    here[a] = true
    addresses[#addresses + 1] = a
    lines[#lines + 1] = {line, #addresses}
  end
end
local known = #addresses > 0 and call('SMISMEMBER', seen, unpack(addresses)) or {}

-- The slice begun by the page before: its first `have` lines count (more are there when a torn AOF lost the cursor).
local total, nsl = tonumber(h[3]), tonumber(h[4])
local have, slice = total - nsl * 100, {}
if have > 0 then
  for line in call('HGET', aud, nsl):gmatch('([^\n]*)\n') do
    if #slice < have then slice[#slice + 1] = line end
  end
end
local filled, added = nsl, 0
local function write()
  call('HSET', aud, filled, table.concat(slice, '\n') .. '\n')
end
for _, l in ipairs(lines) do
  if not (l[2] and known[l[2]] == 1) then
    slice[#slice + 1] = l[1]
    added = added + 1
    if #slice == 100 then
      write()
      filled, slice = filled + 1, {}
    end
  end
end
total = total + added
if last and total == 0 then return {'ok', 0} end -- the caller refuses it; nothing is written, so that a crash before that changes nothing
if #slice > 0 then
  write()
  if last then filled = filled + 1 end
end

-- Audience and ledger first, then what makes them count, in one command; an address is `seen` only after it counts.
if added > 0 then call('SETRANGE', n .. ':st', 2 * total - 1, '\0') end
if filled > nsl or last then call('ZADD', P .. 'lane:' .. lane, 'LT', tick, id) end
call('HSET', n, 'total', total, 'nsl', filled, 'cursor', ARGV[3], 'staged', last and 1 or 0, 'state', filled > 0 and RUNNING or state)
if last then
  call('UNLINK', seen)
  call('ZREM', P .. 'staging:' .. lane, id)
else
  if #addresses > 0 then call('SADD', seen, unpack(addresses)) end
  call('ZADD', P .. 'staging:' .. lane, 'XX', tick + ARGV[5], id)
end
return {'ok', total}
