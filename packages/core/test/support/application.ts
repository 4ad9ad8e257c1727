import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const core = new URL('../../src/index.ts', import.meta.url).href

const main = `
import { createEventBus } from ${JSON.stringify(core)}
const ask = (name) => createEventBus({ adapter: name }).then(
  () => ({ adapter: name }),
  (error) => ({ code: error.code, name: error.name, message: error.message }),
)
const names = JSON.parse(process.argv[2])
console.log(JSON.stringify(await Promise.all(names.map(ask))))
`

export interface Outcome {
  /** Of the adapter that was found. */
  readonly adapter?: string
  readonly code?: string
  readonly name?: string
  readonly message?: string
}

/** A directory with an application and its `node_modules`, run as a process of its own. */
export class Application {
  readonly directory: string = realpathSync(mkdtempSync(join(tmpdir(), 'bus-application-')))

  constructor() {
    this.write('package.json', '{ "type": "module" }')
    this.write('main.mjs', main)
  }

  write(path: string, text: string): void {
    const file = join(this.directory, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }

  /** Installs a package: `files` by path, `index.js` being what it exports. */
  install(name: string, files: Readonly<Record<string, string>>): void {
    const manifest = {
      name,
      version: '1.0.0',
      type: 'module',
      exports: { '.': { types: './index.d.ts', default: './index.js' } },
    }
    this.write(`node_modules/${name}/package.json`, JSON.stringify(manifest))
    for (const [path, text] of Object.entries(files)) this.write(`node_modules/${name}/${path}`, text)
  }

  /** Asks for each adapter by name, in one process, with the entry file here unless another one is named. */
  async ask<const Name extends string>(
    names: readonly Name[],
    { entry = this, cwd = tmpdir() }: { entry?: Application; cwd?: string } = {},
  ): Promise<Record<Name, Outcome>> {
    const run = promisify(execFile)
    const args = ['--no-warnings', join(entry.directory, 'main.mjs'), JSON.stringify(names)]
    const { stdout } = await run(process.execPath, args, { cwd, env: { PATH: process.env['PATH'] } })
    const outcomes = JSON.parse(stdout) as Outcome[]
    return Object.fromEntries(names.map((name, index) => [name, outcomes[index]])) as Record<Name, Outcome>
  }

  remove(): void {
    rmSync(this.directory, { recursive: true })
  }
}

/** The source of an adapter that connects to nothing. */
export function adapterSource(name: string, specVersion: unknown = 1): string {
  return `
const none = async () => {}
const make = () => ({
  specVersion: 1, name: '${name}', capabilities: {}, initialize: none, publish: none, consume: none,
  listTopics: none, listGroups: none, inspect: none, deleteGroup: none, ping: none, close: none,
})
export const adapter = { specVersion: ${String(specVersion)}, name: '${name}', optionsFromEnv: () => ({}), create: make }
`
}
