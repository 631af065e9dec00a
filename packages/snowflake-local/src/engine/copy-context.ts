import type { DuckDBConnection } from '@duckdb/node-api'
import type { FileFormat, Table } from '../catalog/catalog-object.ts'
import type { ObjectName } from '../parse/ast-expression.ts'
import type { Query } from '../parse/ast-query.ts'
import { parseObjectName } from '../parse/parse-statement.ts'
import { makeTranslator } from '../translate/make-translator.ts'
import type { BoundQuery, TranslationEnvironment } from '../translate/translator.ts'
import { nextVersion } from '../version/statement-version.ts'
import { runDuckdb } from './duckdb.ts'
import { environmentOf } from './environment.ts'
import type { StatementScope } from './environment.ts'
import { insertFrom, runCounted } from './execute-dml.ts'
import { findObject, findTable } from './resolve.ts'
import type { Place } from './resolve.ts'
import { stageLocation } from './stage-location.ts'
import type { StageLocation } from './stage-location.ts'
import type { SessionState } from './session-state.ts'
import { atomically } from './transaction.ts'

/** What COPY is given to work with: names looked up, queries translated, rows written. */
export interface CopyContext {
  readonly session: SessionState
  readonly connection: DuckDBConnection
  readonly queryId: string
  readonly run: (sql: string) => ReturnType<typeof runDuckdb>
  readonly atomically: <Result>(work: () => Promise<Result>) => Promise<Result>
  readonly afterCommit: (work: () => Promise<void>) => void
  readonly table: (name: ObjectName, privilege: 'INSERT' | 'SELECT') => Place & { readonly object: Table }
  /** Of what stands behind an `@`. */
  readonly stage: (location: string) => StageLocation
  readonly fileFormat: (name: string) => FileFormat
  /** A query; `stage` gives the rows of a stage in its FROM, whose columns are `$1`, `$2`, … */
  readonly translate: (query: Query, stage?: TranslationEnvironment['stage']) => BoundQuery
  /** Casts, defaults, NOT NULL and lengths as with INSERT; gives the number of rows. */
  readonly insert: (table: Table, columns: readonly string[], rows: BoundQuery) => Promise<number>
}

export function copyContext(scope: StatementScope): CopyContext {
  const { session } = scope
  const { connection } = session
  const run = async (sql: string): ReturnType<typeof runDuckdb> => await runDuckdb(connection, sql)
  return {
    session,
    connection,
    queryId: scope.request.queryId,
    run,
    atomically: async (work) => await atomically(session, work),
    afterCommit: (work) => {
      session.open?.afterCommit.push(work)
    },
    table: (name, privilege) => findTable(session, name, [privilege]),
    stage: (location) => stageLocation(session, location),
    fileFormat: (name) => findObject(session, parseObjectName(name), 'FILE FORMAT').object,
    translate: (query, stage) =>
      makeTranslator(environmentOf(stage === undefined ? scope : { ...scope, stage })).query(query, undefined),
    insert: async (table, columns, rows) => {
      await nextVersion(scope)
      return await runCounted(connection, insertFrom(makeTranslator(environmentOf(scope)), table, columns, rows))
    },
  }
}
