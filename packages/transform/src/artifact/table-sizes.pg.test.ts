import { describe, expect, it } from 'vitest'
import { ProjectTrial, trialWarehouses } from '../testing/project-trial.ts'
import { readTableSizes, withSizes } from './table-sizes.ts'
import type { Catalog } from './catalog.ts'

describe.each(Object.entries(trialWarehouses))('sizes of tables on %s', (_, open) => {
  it('are estimates of the warehouse, of tables alone', async () => {
    await using trial = await ProjectTrial.open(open, {})
    const { signal } = new AbortController()
    await using connection = await trial.warehouse.connect()
    for (const statement of [
      'create schema if not exists analytics',
      'create table analytics.told as select 1 as id union all select 2',
      'create view analytics.seen as select id from analytics.told',
      'analyze analytics.told',
    ]) {
      await connection.query(statement, { signal })
    }
    const { type, database } = trial.warehouse
    const table = (name: string) => ({
      metadata: { type: 'BASE TABLE', schema: 'ANALYTICS', name, database, comment: null, owner: null },
      columns: {},
      stats: {},
      unique_id: name,
    })
    const catalog: Catalog = { nodes: { told: table('told'), seen: table('seen') }, sources: {} }
    const { nodes } = withSizes(catalog, await readTableSizes(connection, { type }, signal))
    expect(nodes['told']?.stats['rows']).toEqual({ id: 'rows', label: 'Rows, about', value: 2, include: true })
    expect(nodes['seen']?.stats).toEqual({})
    expect('bytes' in (nodes['told']?.stats ?? {})).toBe(type === 'postgres')
  })
})
