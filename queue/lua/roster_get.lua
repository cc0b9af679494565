#!lua flags=no-writes
-- One activity. KEYS: clock, act:<code>, :conf, :wait. -> {field, value ...}, seats taken, people waiting.
local fields = call('HGETALL', KEYS[2])
if #fields == 0 then
  return refuse('no-such-activity', 'there is no activity with this code', 'code')
end
return {'ok', fields, call('ZCARD', KEYS[3]), call('ZCARD', KEYS[4])}
