import { createEventBusAdapter, handleSignals } from '@bus/core'
import { reporter } from './fact.ts'
import type { FromService, ToService } from './protocol.ts'
import { type Name, startService } from './services/start.ts'

// The process of one service. Its name is the argument; which backend, and where, it finds in the environment.
const name = process.argv[2] as Name
// With a callback, a launcher that is gone is no error of this process.
const tell = (message: FromService): void => void process.send?.(message, undefined, undefined, () => {})

// Ctrl-C in a terminal reaches every process of the group; the launcher is the one to decide.
process.on('SIGINT', () => {})

const adapter = await createEventBusAdapter()
const { bus, place } = await startService(
  name,
  adapter,
  reporter(name, (fact) => tell({ kind: 'fact', fact })),
)

let stopping: Promise<void> | undefined
const stop = (): Promise<void> => (stopping ??= bus.close().then(() => adapter.close()))
handleSignals({ close: stop }, { signals: ['SIGTERM'], after: () => process.disconnect() })

process.on('message', (message: ToService) => {
  if (message.kind === 'stop') return void stop().then(() => process.disconnect())
  place?.(message.orders).catch((error: unknown) => {
    // It had not placed them all when it was told to stop.
    if (stopping === undefined) throw error
  })
})
// The launcher is gone.
process.on('disconnect', () => void stop())
if (!process.connected) void stop()
tell({ kind: 'ready' })
