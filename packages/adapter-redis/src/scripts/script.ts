import { createHash } from 'node:crypto'

/** A Lua script. The keys of one call always share one hash tag, so that each runs in one slot. */
export interface Script {
  readonly name: string
  readonly lua: string
  readonly sha: string
}

export function script(name: string, ...parts: readonly string[]): Script {
  const lua = parts.join('\n')
  return { name, lua, sha: createHash('sha1').update(lua).digest('hex') }
}

/** Milliseconds by the server's clock: the only clock that all members share. */
export const clock: string = `
local function clock()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end`

/**
 * Ids that rise over all streams of a topic, so that merged history is in the order of publishing. An id that a
 * foreign writer has overtaken in one stream is refused by the server; then the server's own choice is taken.
 */
export const append: string = `
local ms, seq, stem = 0, -1, ''
local function continue_from(last)
  local lastMs, lastSeq = string.match(last or '', '^(%d+)-(%d+)$')
  ms = clock()
  seq = -1
  if lastMs and tonumber(lastMs) >= ms then
    ms = tonumber(lastMs)
    seq = tonumber(lastSeq)
  end
  stem = string.format('%.0f-', ms)
end
local function last_id()
  return stem .. string.format('%.0f', seq)
end
local function append(stream, ...)
  seq = seq + 1
  local done = redis.pcall('XADD', stream, last_id(), ...)
  if type(done) == 'table' and done.err and string.find(done.err, 'equal or smaller', 1, true) then
    done = redis.pcall('XADD', stream, '*', ...)
    if type(done) == 'string' then continue_from(done) end
  end
  return done
end`

/** The last id that a stream has ever had; '0-0' where there is none. */
export const lastId: string = `
local function last_id_of(stream)
  local info = redis.pcall('XINFO', 'STREAM', stream)
  for at = 1, #info, 2 do
    if info[at] == 'last-generated-id' then return info[at + 1] end
  end
  return '0-0'
end`

/** A member whose lease nobody ended, and a partition that is still its own. */
export const fence: string = `
local function is_member(members, me)
  return redis.call('ZSCORE', members, me)
end
local function owns(leases, n, token)
  return redis.call('HGET', leases, n) == token
end
local function generation(leases)
  return tonumber(redis.call('HGET', leases, 'gen') or 0)
end`

export const ring: string = `
local function ring(bell)
  redis.call('XADD', bell, 'MAXLEN', 1, '*', 'rung', '1')
end`

/**
 * Tells that partitions (a list such as '3,7') have something new. Consumers wait for this one stream instead of one for
 * each partition; the number shows whether they have missed a call.
 */
export const call: string = `
local function call_for(meta, bell, partitions)
  local number = redis.pcall('HINCRBY', meta, 'calls', 1)
  if type(number) == 'number' then redis.pcall('XADD', bell, 'MAXLEN', 1, '*', 'n', number, 'p', partitions) end
end`

/**
 * For what frees memory, or takes next to none and keeps members going. A server that is full refuses a script at its first
 * write that could take memory, unless it has made one before that could not: https://redis.io/docs/latest/commands/eval/.
 * (The flag `allow-oom` says the same from Redis 7 on; before, a script that has flags cannot be read.)
 */
export const evenIfFull: string = `
local function even_if_full(hash)
  redis.call('HDEL', hash, '')
end`

export const claim: string = `
local function claim(key, group, consumer, ids, ...)
  local args = { key, group, consumer, 0, unpack(ids) }
  for _, option in ipairs({ ... }) do args[#args + 1] = option end
  return redis.call('XCLAIM', unpack(args))
end`
