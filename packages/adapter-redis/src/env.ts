import { readEnv, type Env, type EnvReader } from '@bus/core/spi'
import type { RedisAdapterOptions, RedisAddress } from './options.ts'
import { prefixPattern, prefixRule, urlProblem } from './settings.ts'

/** From `REDIS_*`. What belongs to an address is taken from `REDIS_URL` alone if that is set. */
export function optionsFromEnv(env: Env): RedisAdapterOptions {
  return readEnv(env, (reader) => {
    const url = reader.string('REDIS_URL')
    const common = {
      ...clusterOf(reader),
      ...sentinelsOf(reader, url),
      tlsFiles: tlsFilesOf(reader),
      prefix: prefixOf(reader),
      waitReplicas: reader.integer('REDIS_WAIT_REPLICAS', { max: 100 }),
      waitDisk: reader.boolean('REDIS_WAIT_DISK'),
    }
    if (url !== undefined) {
      const problem = urlProblem(url)
      if (problem !== undefined) reader.issue('REDIS_URL', problem)
      return { url, ...common }
    }
    return {
      host: reader.string('REDIS_HOST'),
      port: reader.integer('REDIS_PORT', { min: 1, max: 65_535 }),
      username: reader.string('REDIS_USERNAME'),
      password: reader.string('REDIS_PASSWORD'),
      db: reader.integer('REDIS_DB'),
      tls: reader.boolean('REDIS_TLS'),
      ...common,
    }
  })
}

function prefixOf(reader: EnvReader): string | undefined {
  const prefix = reader.string('REDIS_PREFIX')
  if (prefix !== undefined && !prefixPattern.test(prefix)) {
    reader.issue('REDIS_PREFIX', `${JSON.stringify(prefix)} ${prefixRule}`)
  }
  return prefix
}

function clusterOf(reader: EnvReader): Pick<RedisAdapterOptions, 'cluster'> {
  const nodes = addressesOf(reader, 'REDIS_CLUSTER_NODES')
  const isCluster = reader.boolean('REDIS_CLUSTER')
  if (nodes !== undefined && isCluster === false) reader.issue('REDIS_CLUSTER', 'is false beside REDIS_CLUSTER_NODES')
  if (nodes !== undefined) return { cluster: nodes }
  return isCluster === undefined ? {} : { cluster: isCluster }
}

function sentinelsOf(reader: EnvReader, url: string | undefined): Partial<RedisAdapterOptions> {
  const sentinels = addressesOf(reader, 'REDIS_SENTINELS')
  if (sentinels === undefined) return {}
  if (url !== undefined) reader.issue('REDIS_SENTINELS', 'is set beside REDIS_URL: which of them has the server?')
  return {
    sentinels,
    sentinelName: reader.string('REDIS_SENTINEL_NAME'),
    sentinelUsername: reader.string('REDIS_SENTINEL_USERNAME'),
    sentinelPassword: reader.string('REDIS_SENTINEL_PASSWORD'),
    sentinelTls: reader.boolean('REDIS_SENTINEL_TLS'),
  }
}

function tlsFilesOf(reader: EnvReader): RedisAdapterOptions['tlsFiles'] {
  const ca = reader.string('REDIS_TLS_CA_FILE')
  const cert = reader.string('REDIS_TLS_CERT_FILE')
  const key = reader.string('REDIS_TLS_KEY_FILE')
  if ((cert === undefined) !== (key === undefined)) {
    const [there, missing] = cert === undefined ? ['KEY', 'CERT'] : ['CERT', 'KEY']
    reader.issue(`REDIS_TLS_${missing}_FILE`, `is missing beside REDIS_TLS_${there}_FILE`)
  }
  return ca === undefined && cert === undefined ? undefined : { ca, cert, key }
}

function addressesOf(reader: EnvReader, name: string): RedisAddress[] | undefined {
  return reader.list(name)?.map((item) => {
    const [, host = item, port] = /^\[?(.*?)\]?(?::(\d{1,5}))?$/.exec(item) ?? []
    if (host === '' || Number(port ?? 1) < 1 || Number(port ?? 1) > 65_535)
      reader.issue(name, `${JSON.stringify(item)} is not host:port`)
    return port === undefined ? { host } : { host, port: Number(port) }
  })
}
