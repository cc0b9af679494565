#!lua flags=allow-oom
-- An entry that cannot be accepted, whole, with its reason. ARGV: entry, daemon, reason, sentence
local entry, daemon = ARGV[1], ARGV[2]
local urgent = call('LPOS', P .. 'inproc:' .. daemon .. ':e', entry)
if not urgent and not call('LPOS', P .. 'inproc:' .. daemon, entry) then -- said again after a lost answer? then it is among the latest
  for _, r in ipairs(call('XREVRANGE', P .. 'rejected', '+', '-', 'COUNT', 16)) do
    if r[2][6] == entry then return {'ok', r[1]} end
  end
end
local key = call('XADD', P .. 'rejected', '*', 'reason', ARGV[3], 'message', ARGV[4], 'entry', entry, 'at', int((now())), 'list', urgent and 'inbox:e' or 'inbox')
if call('LREM', P .. 'inproc:' .. daemon, 1, entry) == 0 then call('LREM', P .. 'inproc:' .. daemon .. ':e', 1, entry) end
return {'ok', key}
