-- Reads a part of a ranking. KEYS is the ranking; ARGV is what must have been seen of the truth at least, the state that goes
-- with it, the member who looks and what it scores unless the ranking knows better, 1 for the part with that member in
-- its middle, how many to skip, and how many to return. Returns {} when there is no such ranking, else: the member's
-- score, how many are above it, how many were skipped, how many are above the first one, then members and scores.
local mark = redis.call('ZRANGEBYSCORE', KEYS[1], '+inf', '+inf')[1]
if not mark then
  return {}
end
local seen, state = string.match(mark, '^#(%d+) (.*)$')
if state ~= ARGV[2] or tonumber(seen) < tonumber(ARGV[1]) then
  return {}
end
local score = redis.call('ZSCORE', KEYS[1], ARGV[3]) or ARGV[4]
local skip, limit = tonumber(ARGV[6]), tonumber(ARGV[7])
if ARGV[5] == '1' and tonumber(score) < 0 then
  local place = redis.call('ZRANK', KEYS[1], ARGV[3]) or redis.call('ZCOUNT', KEYS[1], '-inf', '(' .. score)
  skip = math.max(0, place - math.floor((limit - 1) / 2))
end
local part = redis.call('ZRANGE', KEYS[1], skip, skip + limit - 1, 'WITHSCORES')
if part[#part - 1] == mark then
  part[#part] = nil
  part[#part] = nil
end
local first = 0
if part[2] then
  first = redis.call('ZCOUNT', KEYS[1], '-inf', '(' .. part[2])
end
local answer = {score, tostring(redis.call('ZCOUNT', KEYS[1], '-inf', '(' .. score)), tostring(skip), tostring(first)}
for _, value in ipairs(part) do
  table.insert(answer, value)
end
return answer
