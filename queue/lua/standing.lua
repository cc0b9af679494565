#!lua flags=no-writes
-- States of notices by id, '' for those that are not known. ARGV: ids
local out = {'ok'}
for i, id in ipairs(ARGV) do out[i + 1] = call('HGET', P .. 'n:' .. id, 'state') or '' end
return out
