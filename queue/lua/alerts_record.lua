#!lua
-- What became of official warnings, with the notices that follow, unless the book was changed meanwhile. The notices first: their ids follow from the messages, so that a message
-- which is said again after a torn write makes the same ones. Refused when memory is full.
-- KEYS: clock, alerts.book, alerts.log, inbox, inbox:e. ARGV: version decided on, new book, n notices, (lane 'e' or '', entry) for each, rows of the list -> 1, or 0 = decide again
if (tonumber(call('HGET', KEYS[2], 'v') or 0) or 0) ~= tonumber(ARGV[1]) then return {'ok', 0} end
local at = 4
for _ = 1, ARGV[3] do
  call('LPUSH', ARGV[at] == 'e' and KEYS[5] or KEYS[4], ARGV[at + 1])
  at = at + 2
end
for i = at, #ARGV do
  call('XADD', KEYS[3], 'MAXLEN', '~', 10000, '*', 'row', ARGV[i])
end
call('HSET', KEYS[2], 'v', int(tonumber(ARGV[1]) + 1), 'json', ARGV[2])
return {'ok', 1}
