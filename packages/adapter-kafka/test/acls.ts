import { readFile } from 'node:fs/promises'
import { kafkaTool } from '@bus/test-brokers'
import { until } from './worker.ts'

/** Gives a user the permissions that the README gives to `billing`, with the very commands that stand there. */
export async function documentedPermissions(brokers: readonly string[], user = 'billing'): Promise<void> {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
  const commands = [...readme.replaceAll('\\\n', ' ').matchAll(/^kafka-acls\.sh (.+)$/gm)]
  for (const [, args = ''] of commands) {
    const words = args.trim().split(/ +/)
    const own: Readonly<Record<string, string>> = {
      'localhost:9092': brokers[0] ?? '',
      'User:billing': `User:${user}`,
    }
    await kafkaTool(
      'acls',
      words.map((word) => own[word] ?? word),
    )
  }
  // The broker knows of them a moment after the controller.
  const list = ['--bootstrap-server', brokers[0] ?? '', '--list', '--principal', `User:${user}`]
  await until('they are in force', async () => /GROUP[^]*operation=DELETE/.test(await kafkaTool('acls', list)))
}
