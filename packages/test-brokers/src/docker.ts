import type { GenericContainer, StartedTestContainer } from 'testcontainers'
import { removeWhenOrphaned } from './orphans.ts'
import { NotPossibleError } from './search.ts'

type Testcontainers = typeof import('testcontainers')

export interface DockerEngine {
  readonly testcontainers: Testcontainers
  /** Where mapped ports are reached. */
  readonly host: string
}

/** The Docker engine that testcontainers finds; refuses when none answers. */
export async function dockerEngine(): Promise<DockerEngine> {
  const testcontainers = await import('testcontainers')
  try {
    const client = await testcontainers.getContainerRuntimeClient()
    const { host } = client.info.containerRuntime
    return { testcontainers, host: host === 'localhost' ? '127.0.0.1' : host }
  } catch {
    throw new NotPossibleError('no Docker engine answers')
  }
}

export interface OwnContainer {
  readonly container: StartedTestContainer
  stop(): Promise<void>
}

/** Starts a container; an image that cannot be had makes this way impossible, not the run. */
export async function startContainer(image: string, container: GenericContainer): Promise<OwnContainer> {
  const started = await container.start().catch((error: Error) => {
    throw new NotPossibleError(`the Docker engine could not run ${image} (${firstLine(error.message)})`)
  })
  // Testcontainers' own reaper does this too, where its image can be had.
  const forget = removeWhenOrphaned('container', started.getId())
  return {
    container: started,
    async stop() {
      await started.stop({ timeout: 0, removeVolumes: true })
      forget()
    },
  }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text
}
