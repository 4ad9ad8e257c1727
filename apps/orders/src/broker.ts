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
      const given = redisAddress(environment)
      const redis = given ? undefined : await (await import('@bus/test-brokers')).startRedis()
      return {
        environment: {
          ...environment,
          REDIS_PREFIX: [environment['REDIS_PREFIX'], run].filter(Boolean).join('-'),
          ...(redis && { REDIS_URL: redis.url }),
        },
        summary: `redis, ${redis?.summary ?? given}`,
        stop: () => redis?.stop() ?? nothing(),
      }
    }
    case 'kafka': {
      const given = environment['KAFKA_BROKERS']
      const kafka = given ? undefined : await (await import('@bus/test-brokers')).startKafka()
      return {
        environment: {
          KAFKA_PARTITIONS: '4',
          ...environment,
          KAFKA_PREFIX: `${environment['KAFKA_PREFIX'] ?? ''}${run}.`,
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

/** For people; what stands before the host may be a password. */
function redisAddress({ REDIS_URL: url, REDIS_HOST: host }: NodeJS.ProcessEnv): string | undefined {
  if (url) return `${URL.canParse(url) ? new URL(url).host : 'an address'} from REDIS_URL`
  return host && `${host} from REDIS_HOST`
}
