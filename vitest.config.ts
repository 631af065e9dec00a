import { defineConfig } from 'vitest/config'

const tests = ['{packages,runners,examples}/*/src/**/*.test.ts', '{docs,bench,examples/*,scripts}/**/*.test.ts']
const notTests = ['**/node_modules/**', '**/dist/**']
const serverTests = '**/*.pg.test.ts'

export default defineConfig({
  test: {
    globalSetup: ['packages/postgres-local/src/vitest-global-setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Two cores are the reference machine; every worker may hold PostgreSQL sessions and a DuckDB.
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'postgres',
          include: tests.map((pattern) => pattern.replace('.test.ts', '.pg.test.ts')),
          exclude: notTests,
        },
      },
      {
        extends: true,
        // Files of one worker share what they import: reading it anew for each file was a third of their time.
        test: { name: 'unit', include: tests, exclude: [...notTests, serverTests], isolate: false },
      },
    ],
    reporters:
      process.env['CI'] === undefined ? ['default'] : ['default', ['json', { outputFile: '.vitest-report.json' }]],
  },
})
