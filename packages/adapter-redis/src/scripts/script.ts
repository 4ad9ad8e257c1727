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
 * Ids that rise over all streams of a topic, so that merged history is in the order of publishing. What is written to the
 * base stream alone need not know of this: its ids are the server's choice, which comes after the last one given out here,
 * and here they go on after its end. An id that a foreign writer has overtaken in one stream is refused by the server; then
 * the server's own choice is taken.
 */
export const append: string = `
local ms, seq, stem = 0, -1, ''
local function raise(id)
  local idMs, idSeq = string.match(id, '^(%d+)-(%d+)$')
  idMs, idSeq = tonumber(idMs), tonumber(idSeq)
  -- As text, larger numbers would not be whole ones.
  if idSeq > 1e13 then idMs, idSeq = idMs + 1, -1 end
  if idMs > ms or (idMs == ms and idSeq > seq) then ms, seq = idMs, idSeq end
  stem = string.format('%.0f-', ms)
end
local function continue_from(last, base)
  ms, seq = clock(), -1
  stem = string.format('%.0f-', ms)
  if last then raise(last) end
  local newest = redis.pcall('XREVRANGE', base, '+', '-', 'COUNT', 1)
  if newest[1] then raise(newest[1][1]) end
end
local function appended(done, stream, ...)
  if type(done) ~= 'table' or not string.find(done.err, 'equal or smaller', 1, true) then return done end
  done = redis.pcall('XADD', stream, '*', ...)
  if type(done) == 'string' then raise(done) end
  return done
end
local function append(stream, ...)
  seq = seq + 1
  return appended(redis.pcall('XADD', stream, stem .. seq, ...), stream, ...)
end
local function remember(meta, base)
  redis.pcall('HSET', meta, 'last', stem .. seq)
  redis.pcall('XSETID', base, stem .. seq)
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
