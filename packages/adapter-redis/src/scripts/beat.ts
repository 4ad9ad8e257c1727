import { claim, clock, evenIfFull, ring, script, type Script } from './script.ts'

/**
 * A sign of life. Renews the caller's lease, ends that of members who gave none, divides the partitions anew, and puts
 * what dead members had on loan into the pool `lost`.
 *
 * A member that is overdue gets a short grace first: after an outage all are, and none of them is dead.
 *
 * KEYS: members, leases, bell, base streams.
 * ARGV: me, group, lease in ms, grace in ms, partitions, 1 to enter.
 * Reply: 0, not a member any more; or a list: generation; how many partitions to hand over; how many are missing from
 * my share, or had by nobody; milliseconds until the next lease of another member ends, or -1; last id of the bell; a
 * list of my partitions, each with its token; for each base stream how many entries are in the pools `free` and `lost`.
 *
 * A lease is the text `<owner> <epoch> <1 if a dead owner left it>`, `-` for nobody; its owner shows it as its token.
 */
export const beat: Script = script(
  'beat',
  clock,
  ring,
  claim,
  evenIfFull,
  `
local members, leases, bell = KEYS[1], KEYS[2], KEYS[3]
local me, group, lease, grace, partitions = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
if ARGV[6] ~= '1' and not redis.call('ZSCORE', members, me) then return 0 end
even_if_full(leases)
local now, changed, warned = clock(), false, false
if redis.call('ZADD', members, string.format('%.0f', now + lease), me) == 1 then changed = true end
redis.call('HDEL', leases, 'late:' .. me)
for _, late in ipairs(redis.call('ZRANGEBYSCORE', members, '-inf', string.format('%.0f', now))) do
  if redis.call('HSETNX', leases, 'late:' .. late, '1') == 1 then
    redis.call('ZADD', members, string.format('%.0f', now + grace), late)
    warned = true
  else
    redis.call('ZREM', members, late)
    redis.call('HDEL', leases, 'late:' .. late)
    changed = true
  end
end

local alive, held, nextEnd, count, names = {}, {}, -1, 0, {}
local all = redis.call('ZRANGE', members, 0, -1, 'WITHSCORES')
for i = 1, #all, 2 do
  -- Who gave no sign for half a lease keeps what it has, but nothing waits for it.
  if tonumber(all[i + 1]) >= now + lease / 2 or all[i] == me then
    count = count + 1
    names[count] = all[i]
  end
  alive[all[i]] = true
  held[all[i]] = 0
  if all[i] ~= me and nextEnd < 0 then nextEnd = math.max(0, tonumber(all[i + 1]) - now) end
end

local mine, free, record = {}, {}, {}
local flat = redis.call('HGETALL', leases)
for i = 1, #flat, 2 do record[flat[i]] = flat[i + 1] end
for n = 0, partitions - 1 do
  local token = record[tostring(n)] or '- 0 0'
  local owner, epoch, dirty = string.match(token, '^(%S+) (%d+) (%d)$')
  if alive[owner] then held[owner] = held[owner] + 1 end
  if owner == me then
    mine[#mine + 1] = n
    mine[#mine + 1] = token
  elseif not alive[owner] then
    free[#free + 1] = { n, string.format('%.0f', epoch + 1), owner == '-' and dirty or '1' }
  end
end

-- Each has the even share; what is left over goes to those who have it already, then by name.
local low, extra = math.floor(partitions / count), partitions % count
local above, before, have = 0, 0, held[me]
for _, name in ipairs(names) do
  if name ~= me and held[name] > low then
    above = above + 1
    if name < me then before = before + 1 end
  end
end
local quota = low
if extra > 0 and ((have > low and before < extra) or (have <= low and above < extra)) then quota = low + 1 end
local had = have
for i = 1, math.min(quota - have, #free) do
  local n, token = free[i][1], me .. ' ' .. free[i][2] .. ' ' .. free[i][3]
  redis.call('HSET', leases, n, token)
  mine[#mine + 1] = n
  mine[#mine + 1] = token
  have = have + 1
  changed = true
end

-- What is left is for others, who may have died meanwhile.
local left = #free - (have - had)
local pools = {}
for i = 4, #KEYS do
  local free, lost = 0, 0
  local consumers = redis.pcall('XINFO', 'CONSUMERS', KEYS[i], group)
  if not consumers.err then
    for _, info in ipairs(consumers) do
      local name, pending = info[2], info[4]
      if name == 'free' then free = free + pending
      elseif name == 'lost' then lost = lost + pending
      elseif not alive[name] then
        while true do
          local ids = {}
          for at, entry in ipairs(redis.call('XPENDING', KEYS[i], group, '-', '+', 1000, name)) do ids[at] = entry[1] end
          if #ids == 0 then break end
          lost = lost + #claim(KEYS[i], group, 'lost', ids, 'JUSTID')
          -- What was trimmed meanwhile may stay with its consumer.
          if #redis.call('XPENDING', KEYS[i], group, ids[1], ids[1], 1, name) > 0 then redis.call('XACK', KEYS[i], group, unpack(ids)) end
        end
        redis.call('XGROUP', 'DELCONSUMER', KEYS[i], group, name)
        changed = true
      end
    end
  end
  pools[#pools + 1] = free
  pools[#pools + 1] = lost
end

if changed then redis.call('HINCRBY', leases, 'gen', 1) end
if changed or warned then ring(bell) end
local rung = redis.call('XREVRANGE', bell, '+', '-', 'COUNT', 1)
return {
  tonumber(redis.call('HGET', leases, 'gen') or 0),
  math.max(0, have - quota),
  math.max(0, quota - have, left),
  nextEnd,
  rung[1] and rung[1][1] or '0-0',
  mine,
  pools,
}`,
)
