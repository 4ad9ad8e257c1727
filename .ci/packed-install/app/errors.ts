// Runs where only the memory adapter is installed, beside three third-party ones that cannot be used.
import assert from 'node:assert/strict'
import { createEventBus, EventBusError } from '@bus/core'

async function failure(adapter: string): Promise<Error> {
  const outcome = await createEventBus({ source: 'packed-app', adapter }).then(
    () => undefined,
    (error: unknown) => error,
  )
  assert.ok(outcome instanceof Error, `"${adapter}" must not be usable`)
  return outcome
}

async function expectCode(adapter: string, code: string, ...says: RegExp[]): Promise<void> {
  const error = await failure(adapter)
  assert.ok(EventBusError.is(error), String(error))
  assert.equal(error.code, code)
  for (const text of says) assert.match(error.message, text)
  console.log(`${code}: ${error.message}`)
}

await expectCode('rabbit', 'BUS_ADAPTER_UNKNOWN', /"rabbit"/, /memory/, /redis/, /kafka/)
await expectCode('redis', 'BUS_ADAPTER_NOT_INSTALLED', /@bus\/adapter-redis/, /add @bus\/adapter-redis/)
await expectCode('@acme/bus-adapter', 'BUS_ADAPTER_NOT_INSTALLED', /@acme\/bus-adapter/)
await expectCode('@acme/adapter-of-tomorrow', 'BUS_ADAPTER_INCOMPATIBLE', /version 2/, /[Uu]pgrade @bus\/core/)
await expectCode('@acme/adapter-of-yesterday', 'BUS_ADAPTER_INCOMPATIBLE', /version 0/, /[Uu]pgrade the adapter/)

// A file that is missing inside an installed adapter is another matter, and must not send anyone to the package manager.
const broken = await failure('@acme/adapter-with-a-hole')
assert.equal('code' in broken && broken.code, 'ERR_MODULE_NOT_FOUND')
assert.match(broken.message, /gone\.js/)
console.log(`as it is: ${broken.message}`)
