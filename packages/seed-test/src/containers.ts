import { type Redis, startRedis } from '@bus/test-brokers'
import * as docker from 'testcontainers'

/** What the example needs of a started container. */
export interface Started {
  getHost(): string
  getMappedPort(port: number): number
  stop(): Promise<unknown>
}

/** A container where a Docker engine runs the image, else the same server as a process; says which of them it is. */
export class GenericContainer {
  readonly #image: string
  #ports: readonly number[] = []

  constructor(image: string) {
    this.#image = image
  }

  withExposedPorts(...ports: readonly number[]): this {
    this.#ports = ports
    return this
  }

  async start(): Promise<Started> {
    try {
      const container = await new docker.GenericContainer(this.#image).withExposedPorts(...this.#ports).start()
      process.stderr.write(`example: ${this.#image} runs in Docker\n`)
      return container
    } catch (error) {
      const [reason] = (error as Error).message.split('\n')
      process.stderr.write(`example: ${this.#image} runs as a process, since Docker cannot run it (${reason})\n`)
      return stand(await startRedis({ how: 'process' }))
    }
  }
}

function stand(redis: Redis): Started {
  return { getHost: () => redis.host, getMappedPort: () => redis.port, stop: () => redis.stop() }
}
