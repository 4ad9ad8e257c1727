import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AdapterIncompatibleError, createEventBusAdapter, registerAdapter } from '../src/index.ts'
import { adapterSource, Application, type Outcome } from './support/application.ts'
import { FakeDefinition } from './support/fake-definition.ts'
import { rejection } from './support/outcome.ts'

const broken = ['torn', 'needy', 'unbuilt', 'crashing'] as const
const otherVersion = ['newer', 'older', 'strange'] as const
const noNames = ['../escape', './here', '/etc/hosts', ' ', '.', 'a b', 'node:fs', 'constructor'] as const

describe('an adapter that is asked for by name', () => {
  const application = new Application()
  const empty = new Application()
  let beside: Record<string, Outcome> = {}
  let within: Record<string, Outcome> = {}
  let alone: Record<string, Outcome> = {}

  beforeAll(async () => {
    application.install('@bus/adapter-present', { 'index.js': adapterSource('present') })
    application.install('@acme/carrier', { 'index.js': adapterSource('@acme/carrier') })
    application.install('@bus/adapter-newer', { 'index.js': adapterSource('newer', 2) })
    application.install('@bus/adapter-older', { 'index.js': adapterSource('older', 0) })
    application.install('@bus/adapter-strange', { 'index.js': 'export const other = 1' })
    application.install('@bus/adapter-torn', { 'index.js': `import './lost.js'\n${adapterSource('torn')}` })
    application.install('@bus/adapter-needy', { 'index.js': `import 'some-client'\n${adapterSource('needy')}` })
    application.install('@bus/adapter-unbuilt', {})
    application.install('@bus/adapter-crashing', { 'index.js': `throw new RangeError('at start')` })
    const names = ['present', '@acme/carrier', 'nats', ...otherVersion, ...broken, ...noNames]
    beside = await application.ask(names)
    within = await empty.ask(['present', 'unbuilt'], { cwd: application.directory })
    alone = await empty.ask(['memory', '@acme/absent', 'acme/absent'])
  })

  afterAll(() => {
    application.remove()
    empty.remove()
  })

  it('is found beside the entry file', () => {
    expect(beside['present']).toEqual({ adapter: 'present' })
  })

  it('is found beside the working directory', () => {
    expect(within['present']).toEqual({ adapter: 'present' })
  })

  it('is found by the full name of its package', () => {
    expect(beside['@acme/carrier']).toEqual({ adapter: '@acme/carrier' })
  })

  it('is unknown: the known ones are listed', () => {
    expect(beside['nats']).toMatchObject({ code: 'BUS_ADAPTER_UNKNOWN', name: 'AdapterUnknownError' })
    expect(beside['nats']?.message).toMatch(/no adapter named "nats" \(known: memory, redis, kafka\)/)
  })

  it.each([
    ['memory', '@bus/adapter-memory'],
    ['@acme/absent', '@acme/absent'],
    ['acme/absent', 'acme/absent'],
  ])('is not installed: the package and the command are named (%s)', (name, packageName) => {
    expect(alone[name]).toMatchObject({ code: 'BUS_ADAPTER_NOT_INSTALLED', name: 'AdapterNotInstalledError' })
    expect(alone[name]?.message).toContain(`"${packageName}"`)
    expect(alone[name]?.message).toContain(`pnpm add ${packageName}`)
  })

  it.each([
    ['newer', /version 2 .* version 1\. Upgrade @bus\/core\.$/],
    ['older', /version 0 .* version 1\. Upgrade the adapter "older"\.$/],
    ['strange', /Upgrade the adapter "strange"\.$/],
  ])('is of another version: the side to upgrade is named (%s)', (name, message) => {
    expect(beside[name]).toMatchObject({ code: 'BUS_ADAPTER_INCOMPATIBLE', name: 'AdapterIncompatibleError' })
    expect(beside[name]?.message).toMatch(message)
  })

  it.each([
    ['torn', /lost\.js/],
    ['needy', /some-client/],
    ['unbuilt', /adapter-unbuilt.*index\.js/],
    ['crashing', /at start/],
  ])('is broken: that is what is said, and not that it is not installed (%s)', (name, message) => {
    expect(beside[name]?.code ?? '').not.toMatch(/^BUS_/)
    expect(beside[name]?.message).toMatch(message)
  })

  it('is broken, seen from the working directory', () => {
    expect(within['unbuilt']?.message).toMatch(/adapter-unbuilt.*index\.js/)
  })

  it.each(noNames)('is no name at all, and nothing is loaded: %j', (name) => {
    expect(beside[name]).toMatchObject({ code: 'BUS_ADAPTER_UNKNOWN' })
  })
})

describe('an adapter that is handed over', () => {
  it('stands before one that was registered, and that before one that is installed', async () => {
    const registered = new FakeDefinition('handed')
    registerAdapter(registered.entry)
    await createEventBusAdapter({ adapter: 'handed', env: {} })
    expect(registered.made).toHaveLength(1)
    const given = new FakeDefinition('handed')
    await createEventBusAdapter({ adapter: 'handed', adapters: [given.entry], env: {} })
    expect([registered.made.length, given.made.length]).toEqual([1, 1])
  })

  it('may be loaded when it is needed, and only then', async () => {
    const definition = new FakeDefinition('lazy')
    const loaded: string[] = []
    const load = (name: string) => async () => {
      loaded.push(name)
      return { adapter: definition.entry }
    }
    await createEventBusAdapter({ adapter: 'lazy', adapters: { lazy: load('lazy'), other: load('other') }, env: {} })
    expect(loaded).toEqual(['lazy'])
    await createEventBusAdapter({ adapter: 'lazy', adapters: [load('listed')], env: {} })
    expect(loaded).toEqual(['lazy', 'listed'])
    expect(definition.made).toHaveLength(2)
  })

  it('may be asked for by the name that the application gave it', async () => {
    const definition = new FakeDefinition('carrier')
    const adapters = { main: async () => ({ adapter: definition.entry }) }
    await createEventBusAdapter({ adapter: 'main', adapters, env: {} })
    expect(definition.made).toHaveLength(1)
  })

  it('is listed among the known ones', async () => {
    const adapters = { one: async () => ({ adapter: new FakeDefinition('one').entry }) }
    const error = await rejection(createEventBusAdapter({ adapter: 'two', adapters, env: {} }))
    expect(error.message).toMatch(/known: one, .*memory/)
  })

  it('is refused when it was written for another version', async () => {
    const definition = Object.assign(new FakeDefinition('future'), { specVersion: 3 })
    const refused = await rejection(createEventBusAdapter({ adapter: definition.entry, env: {} }))
    expect(refused).toBeInstanceOf(AdapterIncompatibleError)
    expect(refused).toMatchObject({ found: 3, expected: 1, adapter: 'future' })
  })
})
