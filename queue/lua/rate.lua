#!lua flags=allow-oom
-- Permits of a provider account, evenly spaced, for all daemons and communities: the next free moment moves on by n steps.
-- ARGV: provider, per second, n, who asks, microseconds that he was kept from sending. Answers microseconds until the first permit (negative: it is late already), between permits, and 1
-- when nobody else draws on the account: only he knows how full the last second was, and may catch up with what he missed.
local key = P .. 'rl:' .. ARGV[1]
local JOIN = 200000 -- longer than anybody catches up (daemon/link_pace.c): who joins begins behind it
local t = call('TIME')
local at = t[1] * 1000000 + t[2]
local step, n, who = 1000000 / ARGV[2], tonumber(ARGV[3]), ARGV[4]
local GONE = 2000000 + 8 * n * step -- who has not asked for so long draws no more
-- The next free moment, when that was said, to whom, and when somebody else was last heard of.
local free, said, last, other, log = (call('GET', key) or ''):match('^(%S+) (%S+) ?(%S*) ?(%S*) ?(%S*)$')
free, said, last, other = tonumber(free or 0), tonumber(said or 0), last or '', tonumber(other or '') or 0
local back = math.max(said - at, 0) -- the clock was set back by so much
free, said, other = free - back, said - back, other - back
if last ~= '' and last ~= who and at - said < GONE then
  if at - other >= GONE then free = math.max(free, at) + JOIN end
  other = said
end
local alone = at - other >= GONE
local floor = at - (alone and tonumber(ARGV[5]) or 0)
if free < floor then free = floor end

-- At low rates a few texts of several segments fill a second that even steps would overfill (four of three segments at 10 a second): what was granted of the last one is remembered.
local SECOND = 1015000
local kept, sum, grants = {}, 0, {}
if tonumber(ARGV[2]) <= 50 then
  for g, k in (log or ''):gmatch('(%d+):(%d+)') do
    grants[#grants + 1] = {g - back, tonumber(k)}
    sum = sum + tonumber(k)
  end
  for _, g in ipairs(grants) do
    if g[1] <= free - SECOND or sum + n > math.max(tonumber(ARGV[2]) * 1.02, n) then
      free = math.max(free, g[1] + SECOND)
      sum = sum - g[2]
    else
      kept[#kept + 1] = int(g[1]) .. ':' .. g[2]
    end
  end
  kept[#kept + 1] = int(free) .. ':' .. n
end
local till = free + n * step
call('SET', key, string.format('%.3f %.0f %s %.0f %s', till, at, who, other, table.concat(kept, ',')), 'PX', math.ceil((math.max(till - at, 0) + GONE) / 1000))
return {'ok', math.ceil(free - at), math.ceil(step), alone and 1 or 0}
