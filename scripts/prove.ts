/*
 * pnpm prove [kills [seeds [first seed]]]: the proofs of replication at length, by default 200 kills and 20 seeds of
 * random writes beside a subscription of PostgreSQL, from a first seed that nobody chose. What fails names its seed:
 * ECLUSA_TEST_SEED=… repeats it.
 */
import { spawnSync } from 'node:child_process'

const [kills = '200', seeds = '20', first = String(1 + Math.floor(Math.random() * 1_000_000_000))] =
  process.argv.slice(2)
console.log(`${kills} kills and ${seeds} seeds from ${first} on`)

const files = ['oracle', 'kills', 'replication-faults'].map(
  (name) => `runners/eclusa/src/end-to-end/${name}.pg.test.ts`,
)
// Three ways of loading, each killed a third of the times.
files.push('packages/destination-snowflake/src/crash.test.ts')
const { status } = spawnSync('vitest', ['run', ...files], {
  stdio: 'inherit',
  env: {
    ...process.env,
    ECLUSA_KILLS: kills,
    ECLUSA_TEST_KILLS: String(Math.ceil(Number(kills) / 3)),
    ECLUSA_SEEDS: seeds,
    ECLUSA_TEST_SEED: first,
  },
})
process.exitCode = status ?? 1
