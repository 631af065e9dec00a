import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { SqlValue } from '@eclusa/sdk'
import { describe, expect, it } from 'vitest'
import { ProjectTrial, trialWarehouses } from '../testing/project-trial.ts'

/*
 * The tables that dbt-core 1.10 and dbt-duckdb left after the same three runs of fixtures/execution-snapshots, with the
 * statements of steps.json before each. Times of the runs themselves are `now`, and ids that are made of such are `id`.
 */
interface GoldenTable {
  readonly columns: readonly string[]
  readonly rows: readonly string[]
}

const fixtures = path.resolve(import.meta.dirname, '../../fixtures')
const read = async (file: string) => JSON.parse(await readFile(path.join(fixtures, file), 'utf8')) as unknown
const golden = (await read('execution-snapshots.golden.json')) as Readonly<Record<string, GoldenTable>>
const steps = (await read('execution-snapshots/steps.json')) as readonly (readonly string[])[]

describe.each(Object.entries(trialWarehouses))('snapshots and seeds on %s', (_, open) => {
  it('are what dbt makes of them in three runs over changing rows', async () => {
    await using trial = await ProjectTrial.open(open, 'execution-snapshots')
    for (const statements of steps) {
      for (const statement of statements) await trial.query(statement)
      expect(Object.values(await trial.run()).map(({ status }) => status)).toEqual(Array(8).fill('success'))
    }
    for (const [name, wanted] of Object.entries(golden))
      expect([name, await tableOf(trial, name)]).toEqual([name, wanted])
  }, 30_000)
})

async function tableOf(trial: ProjectTrial, name: string): Promise<GoldenTable> {
  const schema = name.split('.')[0]?.replace('main_', 'analytics_')
  const { columns, rows } = await trial.query(`select * from ${schema}.${name.split('.')[1]}`)
  return { columns: columns.map((column) => column.name), rows: rows.map(maskedRow).toSorted() }
}

function maskedRow(row: readonly SqlValue[]): string {
  const today = new Date().toISOString().slice(0, 10)
  const isNow = (value: SqlValue) => typeof value === 'string' && value.startsWith(today)
  const hasNow = row.some(isNow)
  const mask = (value: SqlValue) => {
    if (isNow(value)) return 'now'
    return hasNow && /^[0-9a-f]{32}$/u.test(String(value)) ? 'id' : value === null ? '' : String(value)
  }
  return row.map(mask).join('|')
}
