#!lua flags=allow-oom
-- Nothing of the person was found any more: that they were being erased is forgotten. KEYS: clock, erasing. ARGV: id.
call('HDEL', KEYS[2], ARGV[1])
return {'ok'}
