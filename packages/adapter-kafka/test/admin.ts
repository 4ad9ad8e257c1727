import { openCluster } from '../src/driver/kafkajs/cluster.ts'
import type { InnerBroker } from '../src/driver/kafkajs/inner.ts'
import { Sockets } from '../src/driver/kafkajs/sockets.ts'
import { settingsFrom } from '../src/settings.ts'

interface Deleting extends InnerBroker {
  deleteTopics(request: { topics: readonly string[]; timeout: number }): Promise<unknown>
}

/** As an operator does it. By the adapter's connections: a client of kafkajs warns of its own timers. */
export async function deleteTopics(brokers: readonly string[], topics: readonly string[]): Promise<void> {
  const sockets = new Sockets()
  try {
    const cluster = openCluster(settingsFrom({ brokers, logger: {} }), sockets, true)
    await cluster.connect()
    await cluster.refreshMetadata()
    const controller = (await cluster.findControllerBroker()) as Deleting
    await controller.deleteTopics({ topics, timeout: 10_000 })
  } finally {
    sockets.close()
  }
}
