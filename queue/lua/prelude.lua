-- Before every script. KEYS[1] is the clock of the community (or of the shared keys): all keys begin with what precedes that word.
local P = KEYS[1]:sub(1, -6)
local call = redis.call
-- The one clock: Redis' own plus the offset in `P clock` (absent in production; tests move days with it). Milliseconds.
local function now()
  local t = call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000) + (tonumber(call('GET', KEYS[1]) or 0) or 0)
end
-- A refusal: never an error reply, so that no user's text reaches Redis' error line.
local function refuse(code, message, field)
  return {'err', code, message, field or ''}
end
-- Integers as text: Lua would print 1.7e+12.
local function int(n)
  return string.format('%.0f', n)
end
