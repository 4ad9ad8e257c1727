import { RedisAdapter } from '@bus/adapter-redis'
import { GenericContainer } from '../containers.ts'

export async function integrationTest(runTests: (adapter: RedisAdapter) => Promise<void>): Promise<void> {
  const container = await new GenericContainer('redis:7').withExposedPorts(6379).start()

  const adapter = new RedisAdapter({
    host: container.getHost(),
    port: container.getMappedPort(6379),
  })

  await runTests(adapter)

  await container.stop()
}
