import type { EventBus, HookMap, HookName } from '../../index.ts'
import { Sightings } from './facade-sightings.ts'

/** What a bus told its listeners. */
export class HookLog {
  readonly retry: Sightings<HookMap['retry']>
  readonly deadLetter: Sightings<HookMap['deadLetter']>
  readonly failed: Sightings<HookMap['failed']>
  readonly circuit: Sightings<HookMap['circuit']>
  readonly error: Sightings<HookMap['error']>

  constructor(bus: EventBus, patienceMs: number) {
    const listen = <Name extends HookName>(name: Name): Sightings<HookMap[Name]> => {
      const sightings = new Sightings<HookMap[Name]>(`The hook "${name}"`, patienceMs)
      bus.on(name, (details) => sightings.add(details))
      return sightings
    }
    this.retry = listen('retry')
    this.deadLetter = listen('deadLetter')
    this.failed = listen('failed')
    this.circuit = listen('circuit')
    this.error = listen('error')
  }
}
