import { ownDirectory } from './directory.ts'
import { onFreePorts } from './ports.ts'
import { NotPossibleError } from './search.ts'
import { ServerProcess } from './server-process.ts'

export interface RedisProcessOptions {
  /** Further arguments of `redis-server`; those that need another port of its own ask for it. */
  readonly args?: readonly string[] | ((secondPort: number) => readonly string[])
  /** The server's executable; default `BUS_TEST_REDIS_PROGRAM`, else the `redis-server` on the PATH. */
  readonly program?: string
}

/** A private `redis-server`: its own port and directory, both kept over restarts. */
export class RedisProcess {
  readonly how = 'process'
  readonly host = '127.0.0.1'
  readonly port: number
  readonly directory: string
  readonly #server: ServerProcess
  readonly #remove: () => Promise<void>

  private constructor(port: number, directory: string, server: ServerProcess, remove: () => Promise<void>) {
    this.port = port
    this.directory = directory
    this.#server = server
    this.#remove = remove
  }

  static async start({
    args = [],
    program = process.env['BUS_TEST_REDIS_PROGRAM'] || 'redis-server',
  }: RedisProcessOptions = {}): Promise<RedisProcess> {
    const directory = await ownDirectory('redis')
    const remove = (): Promise<void> => directory.remove()
    try {
      return await onFreePorts(2, async ([port = 0, secondPort = 0]) => {
        const further = typeof args === 'function' ? args(secondPort) : args
        const server = new ServerProcess({
          name: 'redis-server',
          command: program,
          args: [...fixedArgs(port, directory.path), ...further],
          cwd: directory.path,
          ready: /Ready to accept connections/,
          startTimeoutMs: 20_000,
        })
        await server.start()
        return new RedisProcess(port, directory.path, server, remove)
      })
    } catch (error) {
      await remove()
      throw isMissing(error) ? new NotPossibleError(`no ${program} on the PATH`) : error
    }
  }

  get url(): string {
    return `redis://${this.host}:${this.port}`
  }

  get pid(): number | undefined {
    return this.#server.pid
  }

  get log(): readonly string[] {
    return this.#server.log
  }

  get summary(): string {
    const version = /version=([\d.]+)/.exec(this.log.join('\n'))?.[1] ?? ''
    return `started redis-server ${version} on port ${this.port}`
  }

  /** Shuts it down as an operator would and starts it again; after `kill()` it only starts. */
  restart(): Promise<void> {
    return this.#server.restart()
  }

  /** SIGKILL; `restart()` brings it back. */
  kill(): Promise<void> {
    return this.#server.kill()
  }

  /** SIGSTOP: connections stay open and nothing answers. */
  pause(): void {
    this.#server.pause()
  }

  resume(): void {
    this.#server.resume()
  }

  async stop(): Promise<void> {
    await this.#server.kill()
    await this.#remove()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

function fixedArgs(port: number, directory: string): string[] {
  return ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', directory, '--save', '', '--daemonize', 'no']
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT'
}
