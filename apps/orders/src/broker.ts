import { randomUUID } from 'node:crypto'

export interface Backend {
  readonly environment: NodeJS.ProcessEnv
  readonly summary: string
  /** Stops the broker if this run started it. */
  stop(): Promise<void>
}

const nothing = async (): Promise<void> => {}

/**
 * The backend that `EVENT_BUS_ADAPTER` names, where the environment says it is; else one that is found or started for
 * this run. Names get a prefix of their own, so that runs on one broker do not see each other.
 */
export async function findBackend(environment: NodeJS.ProcessEnv): Promise<Backend> {
  const run = `orders-${randomUUID().slice(0, 8)}`
  switch (environment['EVENT_BUS_ADAPTER']) {
    case 'redis': {
      const given = environment['REDIS_URL'] || environment['REDIS_HOST']
      const redis = given ? undefined : await (await import('@bus/test-brokers')).startRedis()
      return {
        environment: { REDIS_PREFIX: run, ...environment, ...(redis && { REDIS_URL: redis.url }) },
        summary: `redis, ${redis?.summary ?? 'the address is from the environment'}`,
        stop: () => redis?.stop() ?? nothing(),
      }
    }
    case 'kafka': {
      const given = environment['KAFKA_BROKERS']
      const kafka = given ? undefined : await (await import('@bus/test-brokers')).startKafka()
      return {
        environment: {
          KAFKA_PREFIX: `${run}.`,
          KAFKA_PARTITIONS: '4',
          ...environment,
          ...(kafka && { KAFKA_BROKERS: kafka.brokers.join(',') }),
        },
        summary: `kafka, ${kafka?.summary ?? `${given} from KAFKA_BROKERS`}`,
        stop: () => kafka?.stop() ?? nothing(),
      }
    }
    default:
      return { environment, summary: environment['EVENT_BUS_ADAPTER'] || 'memory', stop: nothing }
  }
}
