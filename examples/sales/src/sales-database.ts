import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { salesExample } from './sales-example.ts'

/** The part of a PostgreSQL client that is needed; `pg.Client` has it. */
export interface SqlClient {
  query(sql: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>
}

export interface CreateSalesOptions {
  /** 1 means 1,000,000 orders with 4,000,000 items. Default: 0.01. */
  readonly scale?: number
  /** A whole number; another seed makes another company of the same size. Default: 1. */
  readonly seed?: number
}

export interface ApplySalesChangesOptions {
  /** The number of the step, counted up from 1 by one. */
  readonly step: number
  /** How many orders the step brings; the other changes follow in proportion. Default: 20. */
  readonly orders?: number
}

/** How many rows a table has, and a sum over them that does not depend on their order. */
export interface TableChecksum {
  readonly tableName: string
  readonly rowCount: number
  readonly checksum: string
}

/**
 * Creates the schema `sales` with all its rows, and beside it `sales_gen` with the generator, in one transaction.
 * Fails with PostgreSQL's own error if one of the schemas is already there. The database must be encoded in UTF8.
 */
export async function createSales(
  client: SqlClient,
  { scale = 0.01, seed = 1 }: CreateSalesOptions = {},
): Promise<void> {
  await inTransaction(client, async () => {
    await setLocal(client, 'sales.scale', scale)
    await setLocal(client, 'sales.seed', seed)
    for (const file of ['schema.sql', 'functions.sql', 'generate.sql', 'constraints.sql']) await runFile(client, file)
  })
}

/**
 * Applies one step of changes in one transaction: orders move on, customers and orders come, prices and keys change,
 * cancelled orders are deleted, and every fifth step a table is truncated. The same steps in the same order on the same
 * company always end in the same state.
 */
export async function applySalesChanges(client: SqlClient, options: ApplySalesChangesOptions): Promise<void> {
  await inTransaction(client, async () => {
    await setLocal(client, 'sales.step', options.step)
    await setLocal(client, 'sales.batch', options.orders ?? 20)
    await runFile(client, 'changes.sql')
  })
}

/** One entry for each of the 16 tables, in the order of their names; equal on every PostgreSQL version. */
export async function readSalesChecksum(client: SqlClient): Promise<TableChecksum[]> {
  const { rows } = await client.query(await readSql('checksum.sql'))
  return rows.map((row) => ({
    tableName: String(row['table_name']),
    rowCount: Number(row['row_count']),
    checksum: String(row['checksum']),
  }))
}

async function inTransaction(client: SqlClient, work: () => Promise<void>): Promise<void> {
  await client.query('begin')
  try {
    await work()
    await client.query('commit')
  } catch (error) {
    // The session may be gone, which must not hide the reason.
    await client.query('rollback').catch(() => undefined)
    throw error
  }
}

async function setLocal(client: SqlClient, setting: string, value: number): Promise<void> {
  await client.query('select set_config($1, $2, true)', [setting, String(value)])
}

async function runFile(client: SqlClient, file: string): Promise<void> {
  await client.query(await readSql(file))
}

function readSql(file: string): Promise<string> {
  return readFile(join(salesExample.sqlDir, file), 'utf8')
}
