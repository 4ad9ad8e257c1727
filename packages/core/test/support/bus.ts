import { EventBus } from '../../src/bus.ts'
import type { EventBusOptions } from '../../src/bus-options.ts'
import type { AnyEvents, EventMap } from '../../src/events.ts'
import { FakeAdapter } from './fake-adapter.ts'
import { FakeClock } from './fake-clock.ts'
import { RecordingLogger } from './recording-logger.ts'

export interface Scene<Events extends EventMap<Events> = AnyEvents> {
  readonly bus: EventBus<Events>
  readonly adapter: FakeAdapter
  readonly clock: FakeClock
  readonly logger: RecordingLogger
}

/** A bus on a fake adapter, with time that passes when told to. */
export function scene<Events extends EventMap<Events> = AnyEvents>(
  options: EventBusOptions<Events> = {},
): Scene<Events> {
  const adapter = new FakeAdapter()
  const clock = new FakeClock()
  const logger = new RecordingLogger()
  return { bus: new EventBus<Events>(adapter, 'test', { clock, logger, ...options }), adapter, clock, logger }
}
