import { accountUsage, informationSchema, tableFunctionRows } from '../catalog/information-schema.ts'
import { copyHistory, loadHistory } from '../catalog/load-history-relation.ts'
import type { Stream, Table } from '../catalog/catalog-object.ts'
import { isVisible } from '../catalog/privilege.ts'
import type { FunctionContext, TypedSql } from '../function/function-rule.ts'
import type { Call, ObjectName } from '../parse/ast-expression.ts'
import { parseStatement } from '../parse/parse-statement.ts'
import type { TimeTravel } from '../parse/ast-query.ts'
import { makeTranslator } from '../translate/make-translator.ts'
import { emptyScope } from '../translate/scope.ts'
import { quoteName } from '../translate/sql-text.ts'
import type { NamedRelation, TranslationEnvironment } from '../translate/translator.ts'
import { rowsAt } from '../version/row-history.ts'
import { lastVersion } from '../version/statement-version.ts'
import { changesRelation, tableOfStream } from '../version/stream.ts'
import { versionSql } from '../version/time-travel.ts'
import { bindAt } from './bind.ts'
import { findObject, findRelationObject, objectAt, placeOf, showName } from './resolve.ts'
import { SqlError, unknownObject, unsupportedFeature } from './sql-error.ts'
import type { SessionState } from './session-state.ts'
import type { Bind, StatementRequest } from './statement.ts'
import { textOfWire } from './wire-text.ts'

export interface StatementScope {
  readonly session: SessionState
  readonly request: Pick<StatementRequest, 'queryId' | 'binds' | 'parameters'> &
    Partial<Pick<StatementRequest, 'signal' | 'cancel'>>
  readonly startedUs: bigint
  /** Streams that the statement has read, and up to where. */
  readonly streamsRead?: Map<Stream, number>
  /** Ids of the tables that the statement has been found to read. */
  readonly tablesRead?: Set<number>
  /** Has the statement wait so many seconds before it runs. */
  readonly wait?: (seconds: number) => void
  /** Values of the binds other than as literals: for array binds. */
  readonly bind?: (index: number) => TypedSql
  /** What a stage in FROM is read through. */
  readonly stage?: TranslationEnvironment['stage']
}

export function environmentOf(scope: StatementScope): TranslationEnvironment {
  const { session } = scope
  const binds: readonly Bind[] = scope.request.binds ?? []
  return {
    context: contextOf(scope),
    bind: scope.bind ?? ((index) => bindAt(binds, index)),
    relation: (name, travel, changes) => relationOf(scope, name, travel, changes),
    sequence: (parts) => sequenceOf(session, parts),
    tableRows: (call, values) => tableRows(scope, call, values),
    stage:
      scope.stage ??
      (() => {
        throw unsupportedFeature('reading a stage outside of COPY INTO')
      }),
  }
}

function contextOf({ session, request, startedUs, wait }: StatementScope): FunctionContext {
  return {
    user: session.user,
    role: session.role,
    warehouse: session.warehouse,
    database: session.database,
    schema: session.schema,
    sessionId: session.sessionId,
    queryId: request.queryId,
    lastQueryId: (index) => (index < 0 ? session.queryIds.at(index) : session.queryIds[index - 1]),
    parameter: (name) => request.parameters?.get(name) ?? session.parameters.get(name),
    startedUs,
    abortSession: (sessionId) => abortSession(session, sessionId),
    variable: (name) => session.variables.get(name),
    ...(wait === undefined ? {} : { wait }),
    ...(request.cancel === undefined ? {} : { cancel: request.cancel }),
  }
}

/** Of the same user alone. */
function abortSession({ engine, user }: SessionState, sessionId: string): boolean {
  const found = [...engine.sessions].find((one) => one.sessionId === sessionId && one.user === user)
  found?.abort()
  return found !== undefined
}

/** An identity's own sequence is named by an empty part before it, which no name can have. */
function sequenceOf(session: SessionState, parts: readonly string[]): string | undefined {
  if (parts[0] === '') return parts[1]
  if (parts.length === 0) return undefined
  return findObject(session, { parts, at: 0 }, 'SEQUENCE').object.physical
}

function relationOf(
  scope: StatementScope,
  name: ObjectName,
  travel: TimeTravel | undefined,
  changes: string | undefined,
): NamedRelation {
  const { session } = scope
  const system = systemRelation(session, name)
  if (system !== undefined) return system
  const stream = objectAt(session, placeOf(session, name), 'STREAM')
  if (stream?.kind === 'STREAM') return streamRelation(scope, stream, name)
  const { database, schema, object } = findRelationObject(session, name, ['SELECT'])
  const path = [database.name, schema.name, object.name]
  if (object.kind === 'TABLE') {
    scope.tablesRead?.add(object.id)
    if (changes !== undefined && travel !== undefined) {
      const version = travelSql(scope, object, travel)
      return changesRelation(object, path, { version, appendOnly: changes === 'APPEND_ONLY' })
    }
    return {
      kind: 'table',
      name: path,
      sql: travel === undefined ? quoteName(object.physical) : rowsAt(object, travelSql(scope, object, travel)),
      columns: object.columns.map(({ name: column, type, nullable, physical }) => ({
        name: column,
        type,
        nullable,
        physical: quoteName(physical),
      })),
    }
  }
  const query = parseStatement(object.queryText)
  if (query.kind !== 'query') throw new Error('a view holds no query')
  const within: SessionState = { ...session, database: database.name, schema: schema.name, role: object.owner }
  return {
    kind: 'view',
    name: path,
    query,
    columns: object.columns.map((column) => column.name),
    environment: environmentOf({ ...scope, session: within }),
  }
}

/** The number up to which AT or BEFORE lets a table be seen. */
export function travelSql(scope: StatementScope, table: Table, travel: TimeTravel): string {
  const value = makeTranslator(environmentOf(scope)).expression(travel.value, emptyScope)
  return versionSql(scope.session, table, travel, value)
}

function streamRelation(scope: StatementScope, stream: Stream, name: ObjectName): NamedRelation {
  const { session } = scope
  if (!isVisible(session.engine.catalog, session.role, stream)) throw unknownObject('Object', showName(name.parts))
  const table = tableOfStream(session, stream)
  scope.streamsRead?.set(stream, lastVersion(session))
  scope.tablesRead?.add(table.id)
  return changesRelation(table, name.parts, { version: String(stream.offset), appendOnly: stream.appendOnly })
}

function systemRelation(session: SessionState, { parts }: ObjectName): NamedRelation | undefined {
  const [name = '', schema = session.schema, database = session.database] = parts.toReversed()
  const found = session.engine.catalog.databases.get(database ?? '')
  if (schema === 'INFORMATION_SCHEMA' && name === 'LOAD_HISTORY' && found !== undefined)
    return loadHistory(session, found)
  if (schema === 'INFORMATION_SCHEMA') return informationSchema(session, name, database)
  if (database === 'SNOWFLAKE' && schema === 'ACCOUNT_USAGE') return accountUsage(session, name)
  return undefined
}

function tableRows(scope: StatementScope, call: Call, values: readonly TypedSql[]): NamedRelation | undefined {
  if (call.name === 'COPY_HISTORY') {
    const given = call.named.find(({ name }) => name === 'TABLE_NAME')?.value
    return copyHistory(scope.session, given?.kind === 'string' ? given.value : undefined)
  }
  if (call.name !== 'RESULT_SCAN') return tableFunctionRows(scope.session, call)
  // The rule of LAST_QUERY_ID writes the id as a literal.
  const queryId = values[0]?.literal ?? /^'(?<id>[^']*)'$/u.exec(values[0]?.sql ?? '')?.groups?.['id'] ?? ''
  const kept = scope.session.engine.results.get(queryId)
  if (kept?.complete !== true) {
    throw new SqlError({
      code: '000709',
      sqlState: '02000',
      message: `Statement ${queryId} not found${kept === undefined ? '' : ', or its result was too large to be kept here'}`,
    })
  }
  const rows = kept.rows.map((row) => row.map((value, index) => textOfWire(value, kept.columns[index]?.type)))
  return { kind: 'rows', name: ['RESULT_SCAN'], columns: kept.columns, rows }
}
