import { startBroker } from './server-broker.ts'

/**
 * For `globalSetup` in vitest.config.ts: lets all test files share their PostgreSQL servers (see testing.ts).
 *
 * @example
 * export default defineConfig({ test: { globalSetup: ['@eclusa/postgres-local/vitest-global-setup'] } })
 */
export async function setup(): Promise<() => Promise<void>> {
  return startBroker()
}
