import { createRequire } from 'node:module'
import { join } from 'node:path'
import { version } from '../version.ts'
import { type Finding, ok, warning } from './finding.ts'

/** Which packages work together here. */
export function versions(adapterName: string): Finding[] {
  const application = join(process.cwd(), 'package.json')
  const adapterPackage = adapterName.includes('/') ? adapterName : `@bus/adapter-${adapterName}`
  const core = installed('@bus/core', application)
  const own = installed('@bus/core', import.meta.url)
  const adapter = installed(adapterPackage, application) ?? installed(adapterPackage, import.meta.url)
  const parts = [
    `node ${process.versions.node}`,
    `@bus/cli ${version()}`,
    `@bus/core ${core ?? own ?? 'not found'}`,
    ...(adapter === undefined ? [] : [`${adapterPackage} ${adapter}`]),
  ]
  const differ = core !== undefined && own !== undefined && core !== own
  return [
    ok('versions', parts.join(', ')),
    ...(differ
      ? [
          warning(
            'versions',
            `The application has @bus/core ${core}, the command line works with ${own}.`,
            'Install @bus/cli beside the application.',
          ),
        ]
      : []),
  ]
}

function installed(name: string, from: string): string | undefined {
  try {
    return (createRequire(from)(`${name}/package.json`) as { version: string }).version
  } catch {
    return undefined
  }
}
