import { defineConfig } from 'vitest/config'
import { GuaranteeReporter } from './packages/guarantees/src/reporter.ts'

export default defineConfig({
  resolve: { conditions: ['@bus/source'] },
  ssr: { resolve: { conditions: ['@bus/source', 'node', 'import', 'default'] } },
  test: {
    globalSetup: ['packages/test-brokers/src/vitest-setup.ts'],
    include: ['packages/*/src/**/*.test.ts', 'packages/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts'],
    reporters: ['default', new GuaranteeReporter()],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
