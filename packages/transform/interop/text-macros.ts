/**
 * Keeps what dbt prints for each macro that only makes text, as goldens for src/context/text-macros.test.ts.
 *
 *   node packages/transform/interop/text-macros.ts <dbt> <folder of profiles.yml>
 *
 * The profile `text_macros` needs the targets `duckdb` (in memory) and `postgres` (any server). The model
 * fixtures/text-macros/models/calls.sql holds the calls: for each a line `>>> call`, then the call in brackets.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const [dbt, profiles] = process.argv.slice(2)
if (dbt === undefined || profiles === undefined) {
  process.stdout.write('skipped: neither dbt nor a folder of profiles was given, so nothing was asked\n')
  process.exit(0)
}

const project = fileURLToPath(new URL('../fixtures/text-macros', import.meta.url))
const answers: Record<string, Record<string, string>> = {}
for (const target of ['duckdb', 'postgres']) {
  const folder = mkdtempSync(path.join(tmpdir(), 'text-macros-'))
  const options = ['--project-dir', project, '--profiles-dir', profiles, '--target', target]
  const output = ['--target-path', folder, '--log-path', folder]
  execFileSync(dbt, ['--no-send-anonymous-usage-stats', 'compile', ...options, ...output], { stdio: 'inherit' })
  answers[target] = answersOf(readFileSync(path.join(folder, 'compiled/text_macros/models/calls.sql'), 'utf8'))
  rmSync(folder, { recursive: true })
}
const file = fileURLToPath(new URL('../fixtures/text-macros.golden.json', import.meta.url))
writeFileSync(file, `${JSON.stringify(answers, null, 2)}\n`)

function answersOf(compiled: string): Record<string, string> {
  const parts = compiled.split(/^>>> /mu).slice(1)
  return Object.fromEntries(
    parts.map((part) => {
      const end = part.indexOf('\n')
      const printed = part.slice(end + 1).replace(/\n$/u, '')
      return [part.slice(0, end), printed.slice(1, -1)]
    }),
  )
}
