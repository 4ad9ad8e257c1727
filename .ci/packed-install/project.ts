import { cp, mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exec, pnpm } from './exec.ts'

export type Manager = 'pnpm' | 'npm'

const app = join(import.meta.dirname, 'app')

/** A fresh project outside the workspace with some packages installed. */
export class Project {
  readonly directory: string
  readonly #manager: Manager

  private constructor(directory: string, manager: Manager) {
    this.directory = directory
    this.#manager = manager
  }

  static async create(directory: string, manager: Manager, dependencies: Record<string, string>): Promise<Project> {
    await mkdir(join(directory, 'src'), { recursive: true })
    const tools = { typescript: '^7.0.2', '@types/node': '^20.19.0' }
    const manifest = { name: 'packed-app', private: true, type: 'module', dependencies, devDependencies: tools }
    await writeFile(join(directory, 'package.json'), JSON.stringify(manifest, null, 2))
    await cp(join(app, 'tsconfig.json'), join(directory, 'tsconfig.json'))
    return new Project(directory, manager)
  }

  /** A package of somebody else's, made of one file. */
  async addThirdParty(name: string, source: string): Promise<void> {
    const directory = join(this.directory, 'node_modules', name)
    await mkdir(directory, { recursive: true })
    await writeFile(join(directory, 'package.json'), JSON.stringify({ name, type: 'module', exports: './index.js' }))
    await writeFile(join(directory, 'index.js'), source)
  }

  async install(): Promise<void> {
    const options = { cwd: this.directory }
    if (this.#manager === 'pnpm') await pnpm(['install', '--ignore-workspace', '--no-frozen-lockfile'], options)
    else await exec('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], options)
  }

  /** Type-checks and compiles some of the application's files. */
  async compile(...names: readonly string[]): Promise<void> {
    for (const name of names) await cp(join(app, `${name}.ts`), join(this.directory, 'src', `${name}.ts`))
    await this.#bin('tsc')
  }

  /** Everything in one file, to be run where nothing is installed. */
  async bundle(name: string, outfile: string): Promise<void> {
    // Packages in the old module format call `require`, which a bundle in the new one does not have.
    const banner =
      "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);"
    const flags = ['--bundle', '--platform=node', '--format=esm', '--target=node20', '--log-level=warning']
    await this.#bin('esbuild', join('dist', `${name}.js`), ...flags, `--banner:js=${banner}`, `--outfile=${outfile}`)
  }

  /** From another working directory: an application finds its packages wherever it was started. */
  run(node: string, name: string, env: Record<string, string>): Promise<string> {
    return exec(node, [join(this.directory, 'dist', `${name}.js`)], { cwd: tmpdir(), env })
  }

  /** A program that an installed package brings along, in the project's directory as its scripts run it. */
  runInstalled(node: string, file: string, args: readonly string[], env: Record<string, string>): Promise<string> {
    return exec(node, [join(this.directory, 'node_modules', file), ...args], { cwd: this.directory, env })
  }

  #bin(name: string, ...args: readonly string[]): Promise<string> {
    return exec(join(this.directory, 'node_modules', '.bin', name), args, { cwd: this.directory })
  }
}
