import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { conditions: ['@bus/source'] },
  ssr: { resolve: { conditions: ['@bus/source', 'node', 'import', 'default'] } },
  test: {
    globalSetup: ['packages/test-brokers/src/vitest-setup.ts'],
    include: ['packages/*/src/**/*.test.ts', 'packages/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
