import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{packages,runners,examples}/*/src/**/*.test.ts', '{docs,bench,examples/*}/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Each worker may hold a PostgreSQL session and a DuckDB; two cores are the reference machine.
    maxWorkers: 2,
  },
})
