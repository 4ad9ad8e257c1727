import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Subject } from '@bus/core/conformance'
import { adapterAt, kafka, quickly, subject } from './kafka.ts'
import { privateBackend } from './private-backend.ts'

const member = fileURLToPath(new URL('conformance-member.ts', import.meta.url))

const version = process.env['BUS_TEST_KAFKA_VERSION']

export const kafkaSubject: Subject = {
  ...subject(version === undefined ? 'kafka' : `Kafka ${version}`, async () => adapterAt((await kafka()).brokers)),
  async spawn(task) {
    const options = JSON.stringify({ ...quickly, brokers: (await kafka()).brokers })
    return spawn(process.execPath, ['--conditions=@bus/source', member, options, task], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
  },
  privateBackend,
}
