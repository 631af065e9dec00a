/*
 * All static checks, one after the other, each told by name; every one runs even when an earlier one failed, so that
 * one run shows all there is to mend. `pnpm check` is this file.
 */
import { spawnSync } from 'node:child_process'
import { packedPackageFaults } from './packed-packages.ts'

const commands: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  ['types and build', 'turbo', 'run', 'build', '--output-logs=errors-only'],
  ['types of tests and scripts', 'tsc', '-p', 'tsconfig.check.json'],
  ['lint', 'oxlint', '--type-aware', '--deny-warnings', '.'],
  ['format', 'oxfmt', '--check', '.'],
  ['package boundaries', 'turbo', 'boundaries'],
  ['unused files, exports and dependencies', 'knip'],
]

const failed: string[] = []
for (const [name, command, ...args] of commands) {
  console.log(`\n— ${name}: ${command} ${args.join(' ')}`)
  const { status } = spawnSync(command, args, {
    stdio: 'inherit',
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1' },
  })
  if (status !== 0) failed.push(name)
}

console.log('\n— packed packages: publint, attw')
const faults = await packedPackageFaults()
for (const fault of faults) console.error(fault)
if (faults.length > 0) failed.push('packed packages')

console.log(failed.length === 0 ? '\nAll checks passed.' : `\nFailed: ${failed.join(', ')}.`)
process.exitCode = failed.length === 0 ? 0 : 1
