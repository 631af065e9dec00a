/*
 * pnpm interop: comparisons with programs that need Python, which neither the product nor its tests do. Name an
 * interpreter that can import what a comparison needs in ECLUSA_PYTHON (default: python3); what is missing is skipped,
 * and said to be. Whole dbt projects are run by both sides where ECLUSA_DBT names a dbt and ECLUSA_DBT_PROJECTS folders of
 * projects with their packages, separated by colons; with ECLUSA_DBT_POSTGRES, a server's URL, on PostgreSQL too.
 */
import { spawnSync } from 'node:child_process'

interface Comparison {
  readonly name: string
  /** Python module that has to be there. */
  readonly needs: string
  readonly args: readonly string[]
}

const python = process.env['ECLUSA_PYTHON'] ?? 'python3'
const comparisons: readonly Comparison[] = [
  {
    name: 'Jinja2: the written cases and 2,000 random templates',
    needs: 'jinja2',
    args: ['packages/transform/interop/jinja-oracle.ts', python],
  },
]

let failed = 0
for (const { name, needs, args } of comparisons) {
  console.log(`— ${name}`)
  if (spawnSync(python, ['-c', `import ${needs}`], { stdio: 'ignore' }).status !== 0) {
    console.log(`  skipped: ${python} cannot import ${needs}`)
    continue
  }
  if (spawnSync(process.execPath, args, { stdio: 'inherit' }).status !== 0) failed += 1
}
const dbt = process.env['ECLUSA_DBT']
const projects = (process.env['ECLUSA_DBT_PROJECTS'] ?? '').split(':').filter((folder) => folder !== '')
if (dbt === undefined || projects.length === 0)
  console.log('— dbt projects\n  skipped: ECLUSA_DBT and ECLUSA_DBT_PROJECTS are not set')
for (const project of dbt === undefined ? [] : projects) {
  const postgres = process.env['ECLUSA_DBT_POSTGRES']
  const targets = [['duckdb'], ...(postgres === undefined ? [] : [['postgres', '--postgres', postgres]])]
  for (const target of targets) {
    console.log(`— ${project} on ${target[0]}`)
    const args = [
      'packages/transform/interop/projects.ts',
      '--dbt',
      String(dbt),
      '--project',
      project,
      '--target',
      ...target,
    ]
    if (spawnSync(process.execPath, args, { stdio: 'inherit' }).status !== 0) failed += 1
  }
}
process.exitCode = failed === 0 ? 0 : 1
