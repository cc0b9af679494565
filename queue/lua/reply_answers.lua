#!lua flags=no-writes
-- Who answered a question with choices, a part at a time. KEYS: clock, n:<id>, n:<id>:ans. ARGV: cursor ('0' = begin), about how many.
-- -> choices separated by tabs, open until, cursor of the next part ('0' = that was all), {who, what} each: `CHOICE AT NAME`.
local h = call('HMGET', KEYS[2], 'state', 'q', 'quntil')
if not h[1] then
  return refuse('no-such-notice', 'there is no such notice')
end
if not h[2] then
  return refuse('no-question', 'this notice asks for no choice, or nobody was asked yet')
end
local part = call('HSCAN', KEYS[3], ARGV[1], 'COUNT', ARGV[2])
return {'ok', h[2], h[3], part[1], part[2]}
