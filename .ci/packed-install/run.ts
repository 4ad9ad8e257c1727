// Installs the packed packages into fresh projects, as a user would, and runs small applications on every supported Node.
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ownDirectory } from '../../packages/test-brokers/src/directory.ts'
import { startKafka, startRedis } from '../../packages/test-brokers/src/index.ts'
import { exec } from './exec.ts'
import { type Manager, Project } from './project.ts'
import { installRuntimes } from './runtimes.ts'
import { adapters, type AdapterName, packAll } from './tarballs.ts'

type Env = Record<string, string>

const chosen = process.argv.length > 2 ? adapters.filter((name) => process.argv.includes(name)) : adapters
const own = await ownDirectory('packed')
const directory = own.path
const packed = join(directory, 'tarballs')
await mkdir(packed)
const [tarballs, runtimes, environments] = await Promise.all([
  packAll(join(import.meta.dirname, '..', '..'), packed),
  installRuntimes(directory),
  startBackends(),
])

try {
  for (const manager of ['pnpm', 'npm'] as const) {
    for (const name of chosen) await adapterByName(manager, name)
    await registryErrors(manager)
    await telemetry(manager)
  }
  if (chosen.length === adapters.length) await bundledApplication()
} finally {
  await Promise.all(environments.map(({ stop }) => stop()))
  await own.remove()
}

async function startBackends(): Promise<{ name: AdapterName; env: Env; stop(): Promise<void> }[]> {
  return Promise.all(
    chosen.map(async (name) => {
      const env = { EVENT_BUS_ADAPTER: name }
      if (name === 'redis') {
        const redis = await startRedis()
        return { name, env: { ...env, REDIS_URL: redis.url }, stop: () => redis.stop() }
      }
      if (name === 'kafka') {
        const kafka = await startKafka()
        return { name, env: { ...env, KAFKA_BROKERS: kafka.brokers.join(',') }, stop: () => kafka.stop() }
      }
      return { name, env, stop: () => Promise.resolve() }
    }),
  )
}

function dependencies(...names: readonly AdapterName[]): Record<string, string> {
  const packages = ['@bus/core', ...names.map((name) => `@bus/adapter-${name}`)]
  return Object.fromEntries(packages.map((name) => [name, tarballs[name] ?? '']))
}

async function adapterByName(manager: Manager, name: AdapterName): Promise<void> {
  const packages = { ...dependencies(name), '@bus/cli': tarballs['@bus/cli'] ?? '' }
  const project = await Project.create(join(directory, manager, name), manager, packages)
  await project.install()
  await project.compile('main')
  await onEveryRuntime(`${manager}, ${name}`, (node) => project.run(node, 'main', environmentOf(name)))
  await onEveryRuntime(`${manager}, ${name}, command line`, async (node) => {
    const doctor = ['doctor', '--write', 'packed-probe', '--json']
    const found = await project.runInstalled(node, '@bus/cli/dist/bin.js', doctor, environmentOf(name))
    const checks = found.split('\n').map((line) => JSON.parse(line) as { check: string; status: string })
    if (!checks.some(({ check, status }) => check === 'publish' && status === 'ok')) throw new Error(found)
    return `${checks.length} checks`
  })
}

async function registryErrors(manager: Manager): Promise<void> {
  const project = await Project.create(join(directory, manager, 'errors'), manager, dependencies('memory'))
  await project.install()
  const definition = (version: number): string => `export const adapter = { specVersion: ${version}, name: 'acme' }`
  await project.addThirdParty('@acme/adapter-of-tomorrow', definition(2))
  await project.addThirdParty('@acme/adapter-of-yesterday', definition(0))
  await project.addThirdParty('@acme/adapter-with-a-hole', "export * from './gone.js'")
  await project.compile('errors')
  await onEveryRuntime(`${manager}, registry errors`, (node) => project.run(node, 'errors', {}))
}

async function telemetry(manager: Manager): Promise<void> {
  const sdk = {
    '@opentelemetry/api': '~1.9.0',
    '@opentelemetry/core': '^2.0.0',
    '@opentelemetry/sdk-trace-base': '^2.0.0',
  }
  const packages = { ...dependencies('memory'), '@bus/otel': tarballs['@bus/otel'] ?? '', ...sdk }
  const project = await Project.create(join(directory, manager, 'otel'), manager, packages)
  await project.install()
  await project.compile('otel')
  await onEveryRuntime(`${manager}, OpenTelemetry`, (node) => project.run(node, 'otel', {}))
}

async function bundledApplication(): Promise<void> {
  const all = { ...dependencies(...adapters), esbuild: '^0.28.2' }
  const project = await Project.create(join(directory, 'npm', 'bundled'), 'npm', all)
  await project.install()
  await project.compile('bundled')
  const file = join(directory, 'bundle', 'app.mjs')
  await project.bundle('bundled', file)
  for (const name of adapters) {
    const options = { cwd: dirname(file), env: environmentOf(name) }
    await onEveryRuntime(`bundled, ${name}`, (node) => exec(node, [file], options))
  }
}

function environmentOf(name: AdapterName): Env {
  return environments.find((entry) => entry.name === name)?.env ?? {}
}

async function onEveryRuntime(title: string, run: (node: string) => Promise<string>): Promise<void> {
  const outputs = new Set(await Promise.all(runtimes.map(run)))
  console.log(`${title}:\n  ${[...outputs].join('\n').replaceAll('\n', '\n  ')}`)
}
