import type { SqlSession } from '../engine/engine.ts'
import type { ResultColumn } from '../engine/statement.ts'
import { isQuery } from './conformance-case.ts'
import type { ConformanceCase, ConformanceFamily } from './conformance-case.ts'
import { aggregateCases } from './aggregate-cases.ts'
import { binaryCases } from './binary-cases.ts'
import { numberCases } from './number-cases.ts'
import { semiStructuredCases } from './semi-structured-cases.ts'
import { textCases } from './text-cases.ts'
import { timeCases } from './time-cases.ts'

export const conformanceFamilies: readonly ConformanceFamily[] = [
  numberCases,
  textCases,
  timeCases,
  semiStructuredCases,
  aggregateCases,
  binaryCases,
]

export type Rows = readonly (readonly (string | null)[])[]

export async function runStatement(session: SqlSession, queryId: string, sqlText: string): Promise<Rows> {
  const result = await session.execute({ queryId, sqlText, signal: new AbortController().signal })
  const rows: (readonly (string | null)[])[] = []
  for await (const block of result.rows) {
    for (const row of block) rows.push(row.map((value, index) => readable(value, result.columns[index])))
  }
  return rows
}

export async function runCase(session: SqlSession, [, sql]: ConformanceCase): Promise<string | null | Rows> {
  const rows = await runStatement(session, sql, isQuery(sql) ? sql : `SELECT ${sql}`)
  return isQuery(sql) ? rows : (rows[0]?.[0] ?? null)
}

const dayMs = 86_400_000
const offsetZero = 1440

/** A value of the wire as the documentation shows it. */
function readable(value: string | null, column: ResultColumn | undefined): string | null {
  if (value === null) return null
  switch (column?.type) {
    case 'boolean':
      return value === '1' ? 'true' : 'false'
    case 'date':
      return new Date(Number(value) * dayMs).toISOString().slice(0, 10)
    case 'time':
      return wallClock(value, 0).slice(11)
    case 'timestamp_ntz':
    case 'timestamp_ltz':
      return wallClock(value, 0)
    case 'timestamp_tz': {
      const [seconds = '0', place = '0'] = value.split(' ')
      const minutes = Number(place) - offsetZero
      const digits = (amount: number): string => String(amount).padStart(2, '0')
      const size = Math.abs(minutes)
      return `${wallClock(seconds, minutes)} ${minutes < 0 ? '-' : '+'}${digits(Math.floor(size / 60))}${digits(size % 60)}`
    }
    default:
      return value
  }
}

function wallClock(seconds: string, offset: number): string {
  const [whole = '0', fraction = ''] = seconds.split('.')
  const at = new Date((Number(whole) + offset * 60) * 1000).toISOString()
  return `${at.slice(0, 10)} ${at.slice(11, 19)}.${fraction.padEnd(9, '0')}`
}
