#!lua flags=allow-oom
-- What a provider's answer says of a number for the time to come. KEYS: clock. ARGV: address, 'out' (opted out) | 'dead' | 'missed' | 'alive', why.
heard_of(ARGV[1], ARGV[2], ARGV[3])
return {'ok'}
