#!lua
-- Opt-out and opt-in of everyone with a number, or another address. KEYS: clock, replies; optout, consent, ph:<n> or ad:<n>, res:<n> follow from it. ARGV: address, '1' out | '0' in,
-- the person's words, the reply that says so ('' = none). -> 1 when it was different before.
if ARGV[4] ~= '' and not undecided(KEYS[2], ARGV[4]) then
  return refuse_decided()
end
return {'ok', opt(ARGV[1], ARGV[2] == '1', ARGV[3]) and 1 or 0}
