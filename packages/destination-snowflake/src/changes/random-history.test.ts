import * as fc from 'fast-check'
import { HistoryRun, arbitraryPlan, expectedRows, narrow, replicated } from '@eclusa/warehouse/testing/load'
import type { Plan } from '@eclusa/warehouse/testing/load'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SnowflakeFixture } from '../../testing/snowflake-fixture.ts'

const runs = Number(process.env['ECLUSA_TEST_HISTORIES'] ?? 2)
const columns = 'id, note, TO_JSON(doc), TO_JSON(tags), extra'

let fixture: SnowflakeFixture
beforeAll(async () => {
  fixture = await SnowflakeFixture.open()
})
afterAll(() => fixture[Symbol.asyncDispose]())

interface Mode {
  readonly of: ReturnType<typeof replicated>
  readonly config: { readonly cdc_deletion_mode: 'hard_delete' | 'soft_delete' }
}

async function played(plan: Plan, { of, config }: Mode, query: string) {
  fixture.renew()
  const run = new HistoryRun((stream) => fixture.open([stream], { config }), plan, of)
  const told = await run.play()
  // The column that came late, or never.
  const extra = await fixture.rows(
    `SELECT 1 FROM information_schema.columns WHERE table_schema = '${fixture.schema}' AND table_name = 'ORDERS' AND column_name = 'EXTRA'`,
  )
  const rows = await fixture.rows(extra.length === 0 ? query.replaceAll('extra', 'NULL') : query)
  const ids = await fixture.rows('SELECT COUNT(*) - COUNT(DISTINCT _airbyte_raw_id) FROM orders')
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
      const { told, rows, ids } = await played(plan, mode, `SELECT ${selected} FROM orders`)
      expect(rows).toEqual(expectedRows[expected](told, 'snowflake').toSorted())
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
