import type { Metric } from '../summary.ts'
import type { Target } from '../targets.ts'

/** What keeps a path from more, as its profile shows. */
export function limitOf({ backend, metric, task, against }: Target): string {
  if (metric === 'p50' || metric === 'p95') return latencies[backend === 'redis' ? 'redis' : 'kafka']
  if (metric !== 'rate') return resources[metric]
  if (backend === 'memory') return rates.memory
  if (task.startsWith('publish')) return rates.oneByOne
  if (task.startsWith('slow handler')) return rates.slow
  if (task.includes('keys')) return rates.keys
  return against.some((name) => name.startsWith('raw')) ? rates[backend] : rates.peers
}

const rates = {
  memory:
    'an emitter hands the same object to every listener and forgets it. Here an event has an identity, a time and a place ' +
    'in a log that outlives a slow handler, and each subscription gets a copy that it may change. In the profile these are ' +
    'the core’s publishing, then the copies (JSON), then garbage; no single function has a tenth of it.',
  oneByOne:
    'one call at a time is a round trip each, of which the client and the kernel have the largest part on both sides. The bus ' +
    'adds the envelope, its check and a deadline for the answer.',
  redis:
    'the raw loop sends a bare payload; an event has its envelope, which is twice as long and is written, sent, stored, read ' +
    'and parsed. In the profile JSON, the core and its garbage stand where the raw loop has the client library, of which ' +
    'the bus needs less than half.',
  keys:
    'events with a key are spread over 16 streams, each read under a lease by a script: more and smaller reads for the same ' +
    'events, whereas the raw loop keeps no order beyond one reader.',
  kafka:
    'the client library’s encoding, checksums and buffers have the largest part on both sides; JSON of the envelope and the ' +
    'core come on top.',
  slow:
    'what 64 handlers at once can do is 21 times what three partitions one after another can, since both wait 5 ms for each ' +
    'event; timers that are late on a busy machine, and keys that meet, take from that.',
  peers: 'what is missing here is what is missing to the raw client, or a peer that has become quicker.',
} as const

const latencies = {
  redis:
    'a blocking read for a group may outlive the lease of its reader and take an event out of order. So a stream is ' +
    'watched by a read without a group, and what is new is then read under the lease: a round trip more than in the raw ' +
    'loop. The upper percentiles are the scheduling of the operating system.',
  kafka: 'beside the raw client’s own round trips it is the core’s work before and after them.',
} as const

const resources: Readonly<Record<Exclude<Metric, 'rate' | 'p50' | 'p95' | 'p99'>, string>> & { readonly p99: string } =
  {
    p99: 'it is the scheduling of the operating system.',
    cpu: 'the client library, Node’s sockets and the kernel have nearly half of it, JSON and garbage most of the rest.',
    heap: 'what is left after a million events is the runtime’s own; it does not grow with more of them.',
    idle: 'an idle consumer asks for news again and again, on a connection of its own, and gives signs of life to its group.',
  }
