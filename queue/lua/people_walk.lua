#!lua flags=no-writes
-- One block of residents. KEYS: clock, people, res:<block>. ARGV: the block's number. -> last id given out, {id, line, ...}.
return {'ok', tonumber(call('HGET', KEYS[2], 'next') or 0), call('HGETALL', KEYS[3])}
