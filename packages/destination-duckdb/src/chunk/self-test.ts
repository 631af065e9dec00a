import type { ColumnType } from '@eclusa/sdk'
import { createBatchBuilder } from '@eclusa/sdk'
import { duckdbDialect } from '@eclusa/warehouse'
import { viewColumn } from './column-data.ts'
import type { SlotValues } from './chunk-writer.ts'
import { TableInsertion } from './table-insertion.ts'
import type { InsertionContext } from './table-insertion.ts'

/*
 * Raw chunks rest on how DuckDB lays out vectors in memory. So before they are trusted, one chunk with every type goes
 * through them, and SQL compares it with the same values written as literals: equal, or the slow way is taken.
 */

interface Probe {
  readonly type: ColumnType
  /** What the batch builder is given. */
  readonly values: readonly unknown[]
  /** The same as SQL literals. */
  readonly literals: readonly string[]
}

const long = 'a text of more than twelve bytes'

const probes: readonly Probe[] = [
  probe('boolean', [true, false], ['TRUE', 'FALSE']),
  probe('int16', [-32_768, 7], ['-32768', '7']),
  probe('int32', [-2_147_483_648, 7], ['-2147483648', '7']),
  probe('int64', [-9_223_372_036_854_775_808n, 7n], ["'-9223372036854775808'", '7']),
  probe('float32', [1.5, Number.NaN], ['1.5', "'NaN'"]),
  probe('float64', [0.1, -Infinity], ["'0.1'", "'-Infinity'"]),
  probe({ type: 'decimal', precision: 4, scale: 2 }, ['-99.99', '0.01'], ['-99.99', '0.01']),
  probe({ type: 'decimal', precision: 9, scale: 2 }, ['-9999999.99', '0.01'], ['-9999999.99', '0.01']),
  probe({ type: 'decimal', precision: 18, scale: 0 }, ['-999999999999999999', '1'], ['-999999999999999999', '1']),
  probe({ type: 'decimal', precision: 38, scale: 0 }, [`-${'9'.repeat(38)}`, '1'], [`-${'9'.repeat(38)}`, '1']),
  probe('text', ['twelve bytes', long], ["'twelve bytes'", `'${long}'`]),
  probe('bytes', [new Uint8Array([0, 255]), Buffer.from(long)], [String.raw`'\x00\xFF'`, `'${long}'`]),
  probe('date', ['-infinity', '2024-02-29'], ["'-infinity'", "'2024-02-29'"]),
  probe('time', ['24:00:00', '00:00:00.000001'], ["'24:00:00'", "'00:00:00.000001'"]),
  probe('timetz', ['12:00:00-15:59:59', '00:00:00+05:30'], ["'12:00:00-15:59:59'", "'00:00:00+05:30'"]),
  probe('timestamp', ['infinity', '1969-12-31 23:59:59.999999'], ["'infinity'", "'1969-12-31 23:59:59.999999'"]),
  probe('timestamptz', ['-infinity', '2024-02-29 12:00:00+02'], ["'-infinity'", "'2024-02-29 10:00:00+00'"]),
  probe(
    'interval',
    [
      { months: -1, days: 2, us: -3n },
      { months: 0, days: 0, us: 1n },
    ],
    ["'-1 month 2 days -0.000003 seconds'", "'0.000001 seconds'"],
  ),
  probe(
    'uuid',
    ['ffffffff-0000-1111-2222-0123456789ab', '00000000-0000-0000-0000-000000000001'],
    ["'ffffffff-0000-1111-2222-0123456789ab'", "'00000000-0000-0000-0000-000000000001'"],
  ),
  probe('json', ['{"a": 1}', `["${long}"]`], [`'{"a": 1}'`, `'["${long}"]'`]),
  probe({ type: 'list', element: { type: 'text' } }, [[long, null, ''], []], [`['${long}', NULL, '']`, '[]']),
  probe(
    { type: 'list', element: { type: 'list', element: { type: 'int32' } } },
    [[[1, 2], null, []], [[3]]],
    ['[[1, 2], NULL, []]', '[[3]]'],
  ),
]

function probe(
  type: ColumnType | 'boolean' | Exclude<ColumnType['type'], 'decimal' | 'list'>,
  values: unknown[],
  literals: string[],
): Probe {
  return {
    type: typeof type === 'string' ? { type } : type,
    values: [...values, null],
    literals: [...literals, 'NULL'],
  }
}

const table = { database: 'temp', schema: 'main', identifier: '_eclusa_self_test' }
const rowCount = 3

/** Tells whether raw chunks arrive as they should in this build of DuckDB. Leaves nothing behind. */
export async function passesSelfTest(inserting: Omit<InsertionContext, 'method'>): Promise<boolean> {
  const { session } = inserting
  const columns = probes.map(({ type }, index) => ({ name: `c${index}`, sqlType: duckdbDialect.sqlTypeOf(type) }))
  await session.query(duckdbDialect.createTable(table, columns, { temporary: true }))
  try {
    await insertProbes(inserting)
    const name = duckdbDialect.formatRelation(table)
    const { rows } = await session.query(
      `SELECT (SELECT count(*) FROM ${name}), (SELECT count(*) FROM (${expectedRows()} EXCEPT ALL FROM ${name}))`,
    )
    return rows[0]?.[0] === BigInt(rowCount) && rows[0][1] === 0n
  } catch {
    return false
  } finally {
    await session.query(duckdbDialect.dropRelation(table, 'table'))
  }
}

async function insertProbes(inserting: Omit<InsertionContext, 'method'>): Promise<void> {
  const builder = createBatchBuilder({
    stream: { name: 'probe' },
    schema: {
      version: 1,
      columns: probes.map(({ type }, index) => ({ name: `c${index}`, type, nullable: true })),
    },
    budget: { batchBytesMax: Infinity, batchRowsMax: Infinity },
  })
  for (let row = 0; row < rowCount; row++) builder.append(probes.map(({ values }) => values[row]))
  const { records } = builder.finish()
  const slots = records.data.children.map((data): SlotValues => ({ kind: 'rows', column: viewColumn(data) }))
  const insertion = new TableInsertion(
    { ...inserting, method: 'raw' },
    table,
    probes.map(({ type }) => type),
  )
  await insertion.append(slots, rowCount)
  await insertion.finish()
}

function expectedRows(): string {
  const rows = Array.from({ length: rowCount }, (_, row) => {
    const values = probes.map(({ type, literals }) => `CAST(${literals[row]!} AS ${duckdbDialect.sqlTypeOf(type)})`)
    return `SELECT ${values.join(', ')}`
  })
  return rows.join(' UNION ALL ')
}
