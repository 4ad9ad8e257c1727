import { defineConfig } from 'vitest/config'
import { GuaranteeReporter } from './packages/guarantees/src/reporter.ts'

const tests = ['packages/*/src/**/*.test.ts', 'packages/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts']
// Minutes long each, hence a command of their own: `pnpm drills`.
const drills = ['packages/*/test/**/*.drill.ts']

export default defineConfig({
  resolve: { conditions: ['@bus/source'] },
  // Node's own are added to these; named here, "import" would be true of require() as well.
  ssr: { resolve: { conditions: ['@bus/source', 'node'] } },
  test: {
    globalSetup: ['packages/test-brokers/src/vitest-setup.ts'],
    include: process.env['BUS_TEST_DRILLS'] === undefined ? tests : drills,
    reporters: ['default', new GuaranteeReporter()],
    // Most tests wait for a broker most of the time; by default one core would be left to whoever started them.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // A second chance where strangers share the machine; the report names what needed it.
    retry: process.env['CI'] === undefined ? 0 : 1,
  },
})
