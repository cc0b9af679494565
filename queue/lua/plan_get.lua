#!lua flags=no-writes
-- One plan, and what became of its occurrences, oldest first. ARGV: id -> {id, state, json, cursor, created}, rows of the log
local key = P .. 'plan:' .. ARGV[1]
local h = call('HMGET', key, 'state', 'json', 'cursor', 'created')
if not h[1] then return refuse('no-such-plan', 'there is no such plan') end
return {'ok', {ARGV[1], h[1], h[2], h[3], h[4]}, call('LRANGE', key .. ':log', 0, -1)}
