#!lua flags=allow-oom
-- Entries too long to travel through a daemon again: inside Redis, from its in-process lists into the stream, whole.
-- ARGV: daemon, most bytes, reason, sentence
local most, moved = tonumber(ARGV[2]), 0
for _, list in ipairs({P .. 'inproc:' .. ARGV[1] .. ':e', P .. 'inproc:' .. ARGV[1]}) do
  local held = call('LRANGE', list, 0, -1)
  for i = #held, 1, -1 do
    if #held[i] > most then
      call('XADD', P .. 'rejected', '*', 'reason', ARGV[3], 'message', ARGV[4], 'entry', held[i], 'at', int((now())),
        'list', list:sub(-2) == ':e' and 'inbox:e' or 'inbox')
      call('LREM', list, -1, held[i])
      moved = moved + 1
    end
  end
end
return {'ok', moved}
