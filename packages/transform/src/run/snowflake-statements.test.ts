import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { createLog } from '@eclusa/sdk'
import type { QueryResult, Warehouse } from '@eclusa/sdk'
import { afterAll, describe, expect, test } from 'vitest'
import { createProjectEnvironment } from '../context/macro-library.ts'
import { loadProject } from '../load-project.ts'
import { readProfile } from '../project/profile.ts'
import { runProject } from './run-project.ts'

// What would be sent, compared with what dbt-snowflake would send; interop/snowflake-oracle.py wrote it. No server has
// seen either.

const fixtures = fileURLToPath(new URL('../../fixtures/', import.meta.url))
const read = (name: string): unknown => JSON.parse(readFileSync(path.join(fixtures, name), 'utf8'))
const golden = read('snowflake.golden.json') as Record<string, Record<'first' | 'second' | 'full-refresh', string[]>>
const answers = read('snowflake-answers.json') as {
  match: string
  state?: string
  columns: string[]
  rows: (string | number | boolean)[][]
}[]

function withoutComments(sql: string): string {
  return sql
    .replaceAll(/\/\*[\s\S]*?\*\/|--[^\n]*/gu, ' ')
    .replaceAll(/\s+/gu, ' ')
    .trim()
}

/** White space says nothing beside brackets, commas and the end. */
function normalised(sql: string): string {
  return (
    withoutComments(sql)
      .replaceAll(/\s*([(),;])\s*/gu, '$1')
      .replace(/;$/u, '')
      .toLowerCase()
      // Its driver writes bound values as text, and a quote as \\'.
      .replaceAll(String.raw`\'`, "''")
      .replaceAll(/'(\d+(?:\.\d+)?)'/gu, '$1')
  )
}

/** Listings of the whole run: they depend on how many nodes it has. */
const isListing = (sql: string) => /^(?:show terse schemas|show objects|create schema)/u.test(sql)

function recordingWarehouse(state: string): { warehouse: Warehouse; sent: string[] } {
  const sent: string[] = []
  const query = async (sql: string): Promise<QueryResult> => {
    sent.push(sql)
    const text = withoutComments(sql)
    const { columns, rows } = answers.find(
      (answer) => new RegExp(answer.match, 'isu').test(text) && (answer.state ?? state) === state,
    )!
    return await Promise.resolve({ columns: columns.map((name) => ({ name, type: 'TEXT' })), rows, rowsChanged: 1 })
  }
  const connection = { query, [Symbol.asyncDispose]: async () => await Promise.resolve() }
  const connect = async () => await Promise.resolve(connection)
  const close = async () => await Promise.resolve()
  return { sent, warehouse: { type: 'snowflake', database: 'analytics', connect, [Symbol.asyncDispose]: close } }
}

const directory = path.join(fixtures, 'snowflake')
const target = mkdtempSync(path.join(tmpdir(), 'snowflake-'))
afterAll(() => rmSync(target, { recursive: true }))
const profile = await readProfile({
  environment: createProjectEnvironment(),
  profile: 'cold_store',
  workingDirectory: directory,
  vars: {},
  variables: {},
})
const project = await loadProject({
  directory,
  target: profile.target,
  output: profile,
  targetPath: path.relative(directory, target),
  environment: {},
  log: createLog({ write: () => {} }),
})

describe.each(Object.entries(golden))('the statements for %s are those of dbt-snowflake', (name, cases) => {
  test.each(Object.entries(cases))('%s', async (kind, expected) => {
    const { warehouse, sent } = recordingWarehouse(kind === 'first' ? 'empty' : 'filled')
    const { results } = await runProject(project, {
      warehouse,
      select: [name === 'test' ? 'not_null_plain_id' : name],
      exclude: name === 'test' ? [] : ['resource_type:test'],
      command: name === 'test' ? 'test' : 'build',
      fullRefresh: kind === 'full-refresh',
      signal: new AbortController().signal,
    })
    expect(results.map(({ message, status }) => ({ message, status }))).toEqual([
      expect.objectContaining({ status: name === 'test' ? 'pass' : 'success' }),
    ])
    // Describing a table once less is no difference.
    const told = (statements: readonly string[]) =>
      statements
        .map(normalised)
        .filter((sql, index, all) => !isListing(sql) && !(sql.startsWith('describe') && sql === all[index - 1]))
    expect(told(sent)).toEqual(told(expected))
  })
})
