import type { PrivateBackend } from '@bus/core/conformance'
import { type KafkaProcess, type Proxy, startKafka, startProxy } from '@bus/test-brokers'
import { kafkajsDriver } from '../src/driver/kafkajs/index.ts'
import { settingsFrom } from '../src/settings.ts'
import { deleteTopics } from './admin.ts'
import { adapterAt } from './kafka.ts'

interface Server {
  readonly broker: KafkaProcess
  readonly proxy: Proxy
}

let started: Promise<Server> | undefined

/** A broker takes seconds to start: the cases that want one share it, one after the other. */
export async function privateBackend(): Promise<PrivateBackend> {
  const { broker, proxy } = await (started ??= start())
  const brokers = [`${proxy.host}:${proxy.port}`]
  return {
    create: () => adapterAt(brokers, { requestTimeout: 5_000, connectionTimeout: 2_000, logger: {} }),
    cut: () => proxy.cut(),
    restore: () => proxy.restore(),
    reset: () => proxy.reset(),
    async restart() {
      for (const node of broker.nodes) {
        await node.kill()
        await node.restart()
      }
    },
    async wipe() {
      const link = kafkajsDriver(settingsFrom({ brokers, logger: {} })).open()
      const topics = (await link.topics()).filter(({ internal }) => !internal).map(({ name }) => name)
      link.close()
      await deleteTopics(brokers, topics)
    },
    release: async () => proxy.restore(),
  }
}

/** For `afterAll`. */
export async function stopPrivateBackend(): Promise<void> {
  if (started === undefined) return
  const { broker, proxy } = await started
  await proxy.close()
  await broker.stop()
}

async function start(): Promise<Server> {
  const proxy = await startProxy(() => ({ port: Number(broker.nodes[0]?.address.split(':')[1]) }))
  const broker: KafkaProcess = await startKafka({
    how: 'process',
    properties: {
      'advertised.listeners': `CLIENT://${proxy.host}:${proxy.port}`,
      'inter.broker.listener.name': 'CLIENT',
    },
  })
  return { broker, proxy }
}
