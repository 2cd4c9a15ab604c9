-- The generic cell rate algorithm over several buckets: either all have room for the cost, or none is charged.
-- A bucket is one number: the time at which it will be full again, in microseconds ("theoretical arrival time",
-- ITU-T I.371). KEYS are the buckets; ARGV is the cost, then for each bucket the microseconds that one unit
-- takes to come back and those that a whole bucket takes. Returns: allowed, microseconds to wait, units left.
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local cost = tonumber(ARGV[1])
local allowed, wait, left = 1, 0, nil
local full = {}
for i, key in ipairs(KEYS) do
  local unit, whole = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  local before = tonumber(redis.call('GET', key) or now)
  -- A clock that was set back must not close a bucket for longer than it takes to fill.
  before = math.min(math.max(before, now), now + whole)
  local after = before + cost * unit
  local excess = after - now - whole
  if excess > 0 then
    allowed = 0
    wait = math.max(wait, excess)
  end
  full[i] = after
  local room = math.floor((whole - (before - now)) / unit)
  left = math.min(left or room, room)
end
if allowed == 1 then
  left = left - cost
  for i, key in ipairs(KEYS) do
    redis.call('SET', key, string.format('%.0f', full[i]), 'PX', math.ceil((full[i] - now) / 1000))
  end
end
return {allowed, wait, left}
