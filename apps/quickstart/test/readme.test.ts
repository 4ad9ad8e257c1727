import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))
const run = promisify(execFile)
let directory: string
let example: string

/** Each is a mistake that must not compile. */
const mistakes = [
  ['payload', 'cents: 1250', "cents: '12.50'"],
  ['topic', "publish('orders'", "publish('order'"],
  ['type', "'order.placed', {", "'order.paid', {"],
  ['option', 'maxRetries: 3', 'maxRetrys: 3'],
] as const

/** A project of its own, with what a user would have installed. */
beforeAll(async () => {
  const readme = await readFile(path('../../../README.md'), 'utf8')
  example = /```ts\n(.*?)```/s.exec(readme)?.[1] ?? ''
  directory = await mkdtemp(join(tmpdir(), 'bus-readme-'))
  await symlink(path('../node_modules'), join(directory, 'node_modules'))
  const config = { extends: path('../../../tsconfig.base.json'), compilerOptions: { noEmit: true }, include: ['*.ts'] }
  await writeFile(join(directory, 'package.json'), '{ "type": "module" }')
  await writeFile(join(directory, 'tsconfig.json'), JSON.stringify(config))
  await writeFile(join(directory, 'example.ts'), example)
  for (const [name, right, wrong] of mistakes) {
    await writeFile(join(directory, `wrong-${name}.ts`), example.replace(right, wrong))
  }
})

afterAll(() => rm(directory, { recursive: true }))

test('the example of the README is short', () => {
  expect(example.trimEnd().split('\n').length).toBeLessThanOrEqual(24)
})

test('it compiles, and would not with a wrong payload, topic, type or option', async () => {
  const errors = await run(path('../node_modules/.bin/tsc'), ['-p', directory]).catch(
    (error: { stdout: string }) => error,
  )
  expect(errors.stdout).not.toContain('example.ts')
  for (const [name, right] of mistakes) {
    expect(example).toContain(right)
    expect(errors.stdout).toMatch(new RegExp(`wrong-${name}\\.ts.*error TS`))
  }
})

test('it does what it says', async () => {
  const { stdout, stderr } = await run(process.execPath, ['--conditions=@bus/source', 'example.ts'], { cwd: directory })
  expect(stderr).toBe('')
  expect(stdout).toBe('o-1 shipped at attempt 2\n')
})
