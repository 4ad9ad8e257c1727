import { Kafka, logLevel, type KafkaConfig, type SASLOptions } from 'kafkajs'
import type { Settings } from '../../settings.ts'
import { adjust } from './adjust.ts'
import { registerCodecs } from './compression.ts'
import type { InnerCluster } from './inner.ts'
import type { Sockets } from './sockets.ts'

/**
 * The part of kafkajs that is used: connections, authentication, the protocol's codecs. Its producer and consumer
 * are not, see the README. A `Cluster` is handed to every partition assigner.
 */
export function openCluster(settings: Settings, sockets: Sockets, fixes: boolean): InnerCluster {
  const { log } = settings
  const config: KafkaConfig = {
    brokers: [...settings.brokers],
    clientId: settings.clientName,
    connectionTimeout: settings.connectionTimeout,
    authenticationTimeout: settings.connectionTimeout,
    requestTimeout: settings.requestTimeout,
    enforceRequestTimeout: true,
    // All of them, because kafkajs takes others for what is missing when NODE_ENV is "test".
    retry: { initialRetryTime: 50, maxRetryTime: 200, factor: 0.2, multiplier: 2, retries: 2 },
    logLevel: log.enabled ? logLevel.ERROR : logLevel.NOTHING,
    logCreator:
      () =>
      ({ namespace, log: { message } }) =>
        log.debug(`kafkajs ${namespace}: ${message}`),
    socketFactory: sockets.create,
    ...(settings.ssl === undefined ? {} : { ssl: settings.ssl }),
    ...(settings.sasl === undefined ? {} : { sasl: settings.sasl as SASLOptions }),
  }
  registerCodecs(settings.codecs)
  let found: InnerCluster | undefined
  new Kafka(config).consumer({
    groupId: 'unused',
    allowAutoTopicCreation: false,
    metadataMaxAge: 300_000,
    partitionAssigners: [
      ({ cluster }) => {
        found = cluster as InnerCluster
        return {
          name: '',
          version: 0,
          assign: async () => [],
          protocol: () => ({ name: '', metadata: Buffer.alloc(0) }),
        }
      },
    ],
  })
  const cluster = found as InnerCluster | undefined
  if (typeof cluster?.brokerPool?.createBroker !== 'function') {
    throw new Error('@bus/adapter-kafka needs kafkajs 2.2.4, another version is installed.')
  }
  adjust(cluster, fixes)
  // Without a name kafkajs asks for all topics whenever it looks for the brokers.
  cluster.targetTopics.add('__consumer_offsets')
  return cluster
}
