#!lua flags=no-writes
-- The book of official warnings. KEYS: clock, alerts.book -> version, book
local h = call('HMGET', KEYS[2], 'v', 'json')
return {'ok', tonumber(h[1] or 0), h[2] or ''}
