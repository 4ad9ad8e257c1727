import { type Profiler as Protocol, Session } from 'node:inspector/promises'
import { type Layer, layerOf, type Layers } from './layers.ts'

const intervalMicros = 200

/** V8's sampling profiler, summed up by layer. */
export class Profiler {
  readonly #session = new Session()

  async start(): Promise<void> {
    this.#session.connect()
    await this.#session.post('Profiler.enable')
    await this.#session.post('Profiler.setSamplingInterval', { interval: intervalMicros })
    await this.#session.post('Profiler.start')
  }

  async stop(): Promise<Layers> {
    const { profile } = await this.#session.post('Profiler.stop')
    this.#session.disconnect()
    return layersOf(profile)
  }
}

/** Microseconds in which each layer's own code ran. */
export function layersOf({ nodes, samples = [], timeDeltas = [] }: Protocol.Profile): Layers {
  const layerById = new Map(nodes.map(({ id, callFrame }) => [id, layerOf(callFrame)]))
  const sums: Partial<Record<Layer, number>> = {}
  for (const [index, id] of samples.entries()) {
    const layer = layerById.get(id)
    if (layer !== undefined) sums[layer] = (sums[layer] ?? 0) + Math.max(0, timeDeltas[index] ?? 0)
  }
  return sums
}
