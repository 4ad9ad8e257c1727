import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const run = promisify(execFile)
let directory: string
let runnable = 0

/** Inside the package, which so finds itself by its name. */
beforeAll(async () => {
  const page = await readFile(join(root, 'README.md'), 'utf8')
  const blocks = [...page.matchAll(/```ts( no-run)?\n(.*?)```/gs)]
  directory = await mkdtemp(join(root, '.readme-'))
  const config = { extends: '../../../tsconfig.base.json', compilerOptions: { noEmit: true }, include: ['*.ts'] }
  await writeFile(join(directory, 'tsconfig.json'), JSON.stringify(config))
  const [[, , first = ''] = []] = blocks
  for (const [, kind, code = ''] of blocks.slice(1)) {
    const name = kind === undefined ? `runs-${runnable++}.ts` : 'compiles.ts'
    await writeFile(join(directory, name), `${first}\n${code}\nawait bus.close()\n`)
  }
})

afterAll(() => rm(directory, { recursive: true }))

test('every block of the README compiles', async () => {
  const { stdout } = await run(join(root, 'node_modules/.bin/tsc'), ['-p', directory]).catch(
    (error: { stdout: string }) => error,
  )
  expect(stdout).toBe('')
})

test('those that need no port run', async () => {
  expect(runnable).toBeGreaterThan(0)
  for (let index = 0; index < runnable; index++) {
    const file = join(directory, `runs-${index}.ts`)
    expect((await run(process.execPath, ['--conditions=@bus/source', file], { cwd: directory })).stderr).toBe('')
  }
})
