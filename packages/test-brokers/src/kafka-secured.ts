import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Certificate, makeCertificates } from './certificates.ts'
import { ownDirectory } from './directory.ts'
import type { KafkaUsers } from './kafka-home.ts'
import { KafkaProcess } from './kafka-process.ts'
import type { KafkaProperties, SecuredListener } from './kafka-properties.ts'

const listeners: readonly SecuredListener[] = ['SSL', 'SASL_SSL', 'SASL_PLAINTEXT']

export interface SecuredKafkaOptions {
  /** Who may log in, by PLAIN and by SCRAM alike. They may do nothing until somebody allows it. */
  readonly users: KafkaUsers
  readonly properties?: KafkaProperties
  readonly version?: string
}

/** A private Kafka that asks who comes, and lets them do what they may. */
export interface SecuredKafka extends AsyncDisposable {
  /** Where nobody is asked, and everything is allowed. */
  readonly brokers: string[]
  readonly listeners: Readonly<Record<SecuredListener, string>>
  /** Of the authority that signed the broker's certificate. */
  readonly ca: string
  /** Signed by the same; the listener `SSL` asks for it and takes whoever comes for `User:CN=client`. */
  readonly client: Certificate
  stop(): Promise<void>
}

export async function startSecuredKafka(options: SecuredKafkaOptions): Promise<SecuredKafka> {
  const directory = await ownDirectory('certificates')
  try {
    await makeCertificates(directory.path)
    const kafka = await KafkaProcess.start(1, {
      version: options.version,
      users: options.users,
      listeners,
      properties: { ...securityProperties(directory.path, options.users), ...options.properties },
    })
    const stop = async (): Promise<void> => {
      await kafka.stop()
      await directory.remove()
    }
    const text = (name: string): Promise<string> => readFile(join(directory.path, name), 'utf8')
    return {
      brokers: kafka.brokers,
      listeners: kafka.nodes[0]?.listeners as Record<SecuredListener, string>,
      ca: await text('ca.pem'),
      client: { key: await text('client.key'), cert: await text('client.pem') },
      stop,
      [Symbol.asyncDispose]: stop,
    }
  } catch (error) {
    await directory.remove()
    throw error
  }
}

function securityProperties(directory: string, users: KafkaUsers): KafkaProperties {
  const known = Object.entries(users).map(([name, password]) => `user_${name}="${password}"`)
  const properties: Record<string, string> = {
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:ANONYMOUS',
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': join(directory, 'server.store'),
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': join(directory, 'ca.pem'),
    'listener.name.ssl.ssl.client.auth': 'required',
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
  }
  for (const listener of ['sasl_ssl', 'sasl_plaintext']) {
    const jaas = (mechanism: string): string => `listener.name.${listener}.${mechanism}.sasl.jaas.config`
    const module = (name: string): string => `org.apache.kafka.common.security.${name}LoginModule required`
    properties[jaas('plain')] = `${module('plain.Plain')} ${known.join(' ')};`
    for (const scram of ['scram-sha-256', 'scram-sha-512']) properties[jaas(scram)] = `${module('scram.Scram')};`
  }
  return properties
}
