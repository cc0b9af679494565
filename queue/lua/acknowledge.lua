#!lua flags=allow-oom
-- Somebody has seen that data was lost: alarms about this data, up to now, are over; for every daemon.
local born = call('GET', P .. 'born')
if born then call('SET', P .. 'acked', born .. ' ' .. (call('GET', P .. 'gen') or '0')) end
return {'ok'}
