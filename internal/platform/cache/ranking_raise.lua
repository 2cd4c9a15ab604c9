-- Lifts members of a ranking and lowers none. KEYS is the ranking; ARGV is what was seen of the truth before and what is
-- seen now, the state that goes with it, milliseconds to live, then scores (negative, so that the highest comes first)
-- and members. The mark is the member with the score +inf. Returns 1, or 0 when there is no ranking of that state.
local mark = redis.call('ZRANGEBYSCORE', KEYS[1], '+inf', '+inf')[1]
if not mark then
  return 0
end
local seen, state = string.match(mark, '^#(%d+) (.*)$')
if state ~= ARGV[3] or tonumber(seen) < tonumber(ARGV[1]) then
  return 0
end
for i = 5, #ARGV, 2 do
  redis.call('ZADD', KEYS[1], 'LT', ARGV[i], ARGV[i + 1])
end
if tonumber(ARGV[2]) > tonumber(seen) then
  redis.call('ZREM', KEYS[1], mark)
  redis.call('ZADD', KEYS[1], '+inf', '#' .. ARGV[2] .. ' ' .. ARGV[3])
end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
