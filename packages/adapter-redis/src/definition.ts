import { readEnv, type AdapterDefinition } from '@bus/core/spi'
import { RedisAdapter } from './adapter.ts'
import type { RedisAdapterOptions } from './options.ts'
import { urlProblem } from './settings.ts'

/** How the bus finds this adapter by the name `redis`. */
export const adapter: AdapterDefinition<'redis', RedisAdapterOptions> = {
  specVersion: 1,
  name: 'redis',
  optionsFromEnv: (env) =>
    readEnv(env, (reader) => {
      const prefix = reader.string('REDIS_PREFIX')
      if (prefix !== undefined && !/^[A-Za-z0-9._:-]{1,60}$/.test(prefix)) {
        reader.issue('REDIS_PREFIX', `${JSON.stringify(prefix)} is not 1 to 60 letters, digits, ".", "_", "-" and ":"`)
      }
      const url = reader.string('REDIS_URL')
      if (url !== undefined) {
        const problem = urlProblem(url)
        if (problem !== undefined) reader.issue('REDIS_URL', problem)
        return { url, prefix }
      }
      return {
        host: reader.string('REDIS_HOST'),
        port: reader.integer('REDIS_PORT', { min: 1, max: 65_535 }),
        username: reader.string('REDIS_USERNAME'),
        password: reader.string('REDIS_PASSWORD'),
        db: reader.integer('REDIS_DB'),
        tls: reader.boolean('REDIS_TLS'),
        prefix,
      }
    }),
  create: (options) => new RedisAdapter(options),
}
