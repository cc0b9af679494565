#!lua flags=no-writes
-- The oldest undecided replies and what is known of each sender. KEYS: clock, replies, acts.v; ctx:<from>, n:<id>, reg:<who>, ph:<n>, ad:<n>, res:<n> follow from the entries. ARGV: most; or
-- 0 and a sender, to know about without a reply.
-- -> now, version of the activities, {key, entry, resident id, line, out, asked, offered, roll-call until, {codes}, {notice, its choices, how it begins ...}} each.

-- The questions with choices that were open for somebody when their reply came.
local function questions(list, at)
  local open = {}
  for id in (list or ''):gmatch('%S+') do
    local h = call('HMGET', P .. 'n:' .. id, 'q', 'quntil', 'head')
    if h[1] and at < (tonumber(h[2]) or 0) then
      open[#open + 1], open[#open + 2], open[#open + 3] = id, h[1], h[3] or ''
    end
  end
  return open
end

local r = {'ok', int((now())), call('GET', KEYS[3]) or '0'}
local entries = ARGV[2] and {{'0-0', {'from', ARGV[2]}}} or call('XRANGE', KEYS[2], '-', '+', 'COUNT', ARGV[1])
for _, e in ipairs(entries) do
  local from, at
  for i = 1, #e[2], 2 do
    if e[2][i] == 'from' then
      from = e[2][i + 1]
    elseif e[2][i] == 'at' then
      at = tonumber(e[2][i + 1])
    end
  end
  local id, line = owner_of(from)
  local c = call('HMGET', P .. 'ctx:' .. from, 'out', 'asked', 'offered', 'rollcall', 'choices')
  -- Seats and questions belong to the person, whatever way they write: the first number stands for them.
  local who = line and line:match('^[^ \t]+') or from
  if who ~= from then
    local q = call('HMGET', P .. 'ctx:' .. who, 'asked', 'rollcall', 'choices')
    c[2], c[4], c[5] = c[2] or q[1], c[4] or q[2], c[5] or q[3]
  end
  r[#r + 1] = {e[1], e[2], line and id or '0', line or '', c[1] or '', c[2] or '', c[3] or '', c[4] or '', call('SMEMBERS', P .. 'reg:' .. who),
    questions(c[5], at or r[2] + 0)}
end
return r
