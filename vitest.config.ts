import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{packages,runners,examples}/*/src/**/*.test.ts', '{docs,bench,examples/*,scripts}/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    globalSetup: ['packages/postgres-local/src/vitest-global-setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Two cores are the reference machine; every worker may hold PostgreSQL sessions and a DuckDB.
    maxWorkers: 2,
    reporters:
      process.env['CI'] === undefined ? ['default'] : ['default', ['json', { outputFile: '.vitest-report.json' }]],
  },
})
