import { byteBudget, valueFormatter } from '@eclusa/sdk'
import type { ByteBudget, ChangeBatch, Column, StreamSchema } from '@eclusa/sdk'
import { Bool } from 'apache-arrow'
import type { Data } from 'apache-arrow'
import type { Client } from 'pg'
import { readTypes } from '../src/catalog/type-catalog.ts'
import { planColumn, selectExpression } from '../src/codec/column-codec.ts'
import type { ColumnCodec, ColumnOptions } from '../src/codec/column-codec.ts'
import { localSettingsSql } from '../src/codec/session-settings.ts'
import { createTextBatchBuilder } from '../src/codec/text-rows.ts'
import type { Session } from '../src/connection/session.ts'
import { readCopy } from '../src/copy-reader/read-copy.ts'
import type { ReadCopyOptions } from '../src/copy-reader/read-copy.ts'

/* Reading a whole table in each of the ways there are, for tests that compare them. */

export interface TablePlan {
  readonly table: string
  readonly schema: StreamSchema
  readonly codecs: readonly ColumnCodec[]
}

interface ColumnRow {
  readonly name: string
  readonly oid: number
  readonly typmod: number
  readonly formatted: string
  readonly dimensions: number
}

/** Plans all columns of a table, in their order. @param options per column. */
export async function planTable(
  client: Client,
  table: string,
  options: Readonly<Record<string, ColumnOptions>> = {},
): Promise<TablePlan> {
  const { rows } = await client.query<ColumnRow>(
    `SELECT attname AS name, atttypid AS oid, atttypmod AS typmod, format_type(atttypid, atttypmod) AS formatted,
            attndims AS dimensions
       FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [table],
  )
  const session = {
    query: async (sql: string, { parameters }: { parameters: unknown[] }) => (await client.query(sql, parameters)).rows,
  }
  const types = await readTypes(session as unknown as Session, new Set(rows.map(({ oid }) => oid)))
  const codecs = rows.map((row) =>
    planColumn(types.describe(row), { dimensions: row.dimensions, ...options[row.name] }),
  )
  const columns = codecs.map(({ columnType, sourceType }, index) => {
    return { name: rows[index]?.name ?? '', type: columnType, nullable: true, sourceType }
  })
  return { table, codecs, schema: { version: 1, columns } }
}

export const testBudget: ByteBudget = byteBudget({ bytesMax: 64 * 1024 * 1024, readers: 1 })

export function copyOptions(client: Client, plan: TablePlan): ReadCopyOptions {
  const columns = plan.codecs.map((codec, index) => selectExpression(codec, `"${plan.schema.columns[index]?.name}"`))
  return {
    client,
    query: `SELECT ${columns.join(', ')} FROM ${plan.table} ORDER BY ctid`,
    stream: { name: plan.table },
    schema: plan.schema,
    codecs: plan.codecs,
    budget: testBudget,
    signal: new AbortController().signal,
  }
}

export async function copyTable(
  client: Client,
  plan: TablePlan,
  options: Partial<ReadCopyOptions> = {},
): Promise<ChangeBatch[]> {
  const batches: ChangeBatch[] = []
  for await (const batch of readCopy({ ...copyOptions(client, plan), ...options })) batches.push(batch)
  return batches
}

/** The rows as PostgreSQL prints them. @param expression what to print of a column. */
export async function readTexts(
  client: Client,
  plan: TablePlan,
  expression = (_: Column, identifier: string) => identifier,
): Promise<(string | null)[][]> {
  const names = plan.schema.columns.map((column) => expression(column, `"${column.name}"`)).join(', ')
  await client.query(`BEGIN; ${localSettingsSql}`)
  const { rows } = await client.query<(string | null)[]>({
    text: `SELECT ${names} FROM ${plan.table} ORDER BY ctid`,
    rowMode: 'array',
    types: { getTypeParser: () => String },
  })
  await client.query('ROLLBACK')
  return rows
}

export function buildFromTexts(
  plan: TablePlan,
  rows: readonly (string | null)[][],
  budget = testBudget,
): ChangeBatch[] {
  const builder = createTextBatchBuilder({ ...plan, stream: { name: plan.table }, budget })
  const batches = rows.flatMap((row) => builder.append(row))
  return [...batches, builder.finish()].filter((batch) => batch !== undefined)
}

/**
 * The values of batches as PostgreSQL would print them: those of the Arrow columns, or the exact text that stands
 * beside a value that did not fit.
 */
export function printRows(batches: readonly ChangeBatch[]): (string | null)[][] {
  return batches.flatMap((batch) => {
    const columns = batch.records.data.children.map((data, index) => {
      const type = batch.schema.columns[index]?.type ?? { type: 'text' }
      return { data, format: valueFormatter(type) }
    })
    const rows = Array.from({ length: batch.records.numRows }, (_, row) =>
      columns.map(({ data, format }) => format(data, row)),
    )
    for (const { row, column, text } of batch.unrepresentable) {
      rows.at(row)?.splice(
        batch.schema.columns.findIndex(({ name }) => name === column),
        1,
        text,
      )
    }
    return rows
  })
}

/** All that a batch says, byte by byte, but for bits and bytes beyond its rows: equal for equal batches only. */
export function batchContents(batch: ChangeBatch): unknown {
  return {
    columns: batch.records.data.children.map(columnContents),
    rows: batch.records.numRows,
    unrepresentable: batch.unrepresentable,
  }
}

function columnContents(data: Data): unknown {
  const isBit = data.type instanceof Bool
  return {
    type: data.typeId,
    length: data.length,
    nulls: Array.from({ length: data.length }, (_, row) => row)
      .filter((row) => !data.getValid(row))
      .join(' '),
    offsets: hexOf(data.valueOffsets),
    values: isBit ? Array.from({ length: data.length }, (_, row) => readBit(data, row)).join('') : hexOf(data.values),
    children: data.children.map(columnContents),
  }
}

function readBit(data: Data, row: number): number {
  return (data.values[row >> 3] >> (row & 7)) & 1
}

function hexOf(values: ArrayBufferView | undefined): string | undefined {
  return values && Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('hex')
}
