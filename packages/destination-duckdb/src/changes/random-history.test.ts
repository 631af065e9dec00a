import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HistoryRun, arbitraryPlan, expectedRows, narrow, replicated } from '@eclusa/warehouse/testing/load'
import type { Plan } from '@eclusa/warehouse/testing/load'
import { DuckDbFixture } from '../../testing/duckdb-fixture.ts'

const runs = Number(process.env['ECLUSA_TEST_HISTORIES'] ?? 8)
const columns = 'id, note, doc::VARCHAR, tags::VARCHAR, extra'

interface Mode {
  readonly of: ReturnType<typeof replicated>
  readonly config: { readonly cdc_deletion_mode: 'hard_delete' | 'soft_delete' }
}

async function played(plan: Plan, { of, config }: Mode, query: string) {
  using fixture = new DuckDbFixture()
  const run = new HistoryRun((stream) => fixture.open([stream], { config }), plan, of)
  const told = await run.play()
  // The column that came late, or never.
  const [extra] = await fixture.rows(`SELECT count(*) FROM duckdb_columns() WHERE column_name = 'extra'`)
  const rows = await fixture.rows(extra === '0' ? query.replaceAll('extra', 'NULL') : query)
  const ids = await fixture.rows('SELECT count(*) - count(DISTINCT _airbyte_raw_id) FROM staging.orders')
  return { told, rows: rows.toSorted(), ids }
}

const merged = (deletion: Mode['config']['cdc_deletion_mode']): Mode => ({
  of: replicated({ schema: narrow }),
  config: { cdc_deletion_mode: deletion },
})
const history: Mode = {
  ...merged('hard_delete'),
  of: replicated({ schema: narrow, destinationSyncMode: 'append' }),
}

async function hold(mode: Mode, selected: string, expected: keyof typeof expectedRows): Promise<void> {
  await fc.assert(
    fc.asyncProperty(arbitraryPlan, async (plan) => {
      const { told, rows, ids } = await played(plan, mode, `SELECT ${selected} FROM staging.orders`)
      expect(rows).toEqual(expectedRows[expected](told, 'duckdb').toSorted())
      expect(ids).toEqual(['0'])
    }),
    { numRuns: runs, endOnFailure: true },
  )
}

describe('a random history, cut into batches and commits at random, with parts of it read twice', () => {
  it('leaves the rows of the table, where deletes are hard', async () => {
    expect.hasAssertions()
    await hold(merged('hard_delete'), columns, 'hard_delete')
  })

  it('leaves the rows that were ever there, marked where they are gone, where deletes are soft', async () => {
    expect.hasAssertions()
    await hold(merged('soft_delete'), `${columns}, _ab_cdc_deleted_at IS NOT NULL`, 'soft_delete')
  })

  it('leaves a row for each change, in a history', async () => {
    expect.hasAssertions()
    await hold(history, `_ab_cdc_lsn, _ab_cdc_order, ${columns}, _ab_cdc_deleted_at IS NOT NULL`, 'history')
  })
})
