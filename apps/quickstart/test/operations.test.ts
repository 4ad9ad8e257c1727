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
let blocks: readonly (readonly [kind: string, code: string])[]

beforeAll(async () => {
  const page = await readFile(path('../../../docs/operations.md'), 'utf8')
  blocks = [...page.matchAll(/```ts( no-run)?\n(.*?)```/gs)].map(([, kind = '', code = '']) => [kind, code])
  directory = await mkdtemp(join(tmpdir(), 'bus-operations-'))
  await symlink(path('../node_modules'), join(directory, 'node_modules'))
  const config = { extends: path('../../../tsconfig.base.json'), compilerOptions: { noEmit: true }, include: ['*.ts'] }
  await writeFile(join(directory, 'package.json'), '{ "type": "module" }')
  await writeFile(join(directory, 'tsconfig.json'), JSON.stringify(config))
  const [[, first]] = blocks as [readonly [string, string]]
  for (const [index, [, code]] of blocks.slice(1).entries()) {
    // What is named and not used is what a reader goes on with.
    const whole = `${first}\n${code}\nawait bus.close()\n`
    await writeFile(join(directory, `block-${index}.ts`), whole)
  }
  await writeFile(join(directory, 'wrong.ts'), `${first}\nawait bus.deadLetters.redrive({ topics: 'orders' })\n`)
})

afterAll(() => rm(directory, { recursive: true }))

test('every block of docs/operations.md compiles, and would not with a wrong option', async () => {
  expect(blocks.length).toBeGreaterThan(8)
  const { stdout } = (await run(path('../node_modules/.bin/tsc'), ['-p', directory]).catch(
    (error: { stdout: string }) => error,
  )) as { stdout: string }
  expect(stdout.split('\n').filter((line) => line !== '' && !line.includes('/wrong.ts'))).toEqual([])
  expect(stdout).toMatch(/\/wrong\.ts.*'topics' does not exist/m)
})

test('every block of it runs', async () => {
  for (const [index, [kind]] of blocks.slice(1).entries()) {
    if (kind !== '') continue
    const ran = run(process.execPath, ['--conditions=@bus/source', `block-${index}.ts`], { cwd: directory })
    expect((await ran).stderr).toBe('')
  }
})
