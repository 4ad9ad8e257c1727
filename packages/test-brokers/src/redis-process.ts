import { ownDirectory } from './directory.ts'
import { onFreePorts } from './ports.ts'
import { NotPossibleError } from './search.ts'
import { ServerProcess } from './server-process.ts'

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

  static async start(args: readonly string[] = []): Promise<RedisProcess> {
    const directory = await ownDirectory('redis')
    const remove = (): Promise<void> => directory.remove()
    try {
      return await onFreePorts(1, async ([port = 0]) => {
        const server = new ServerProcess({
          name: 'redis-server',
          command: 'redis-server',
          args: [...fixedArgs(port, directory.path), ...args],
          cwd: directory.path,
          ready: /Ready to accept connections/,
          startTimeoutMs: 20_000,
        })
        await server.start()
        return new RedisProcess(port, directory.path, server, remove)
      })
    } catch (error) {
      await remove()
      throw isMissing(error) ? new NotPossibleError('no redis-server on the PATH') : error
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
