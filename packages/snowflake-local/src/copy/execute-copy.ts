import { text } from '../catalog/sql-type.ts'
import { copyContext } from '../engine/copy-context.ts'
import type { CopyContext } from '../engine/copy-context.ts'
import { environmentOf } from '../engine/environment.ts'
import type { StatementScope } from '../engine/environment.ts'
import { lockTable } from '../engine/lock-table.ts'
import { fullName } from '../engine/resolve.ts'
import { compilationError } from '../engine/sql-error.ts'
import type { StatementResult } from '../engine/statement.ts'
import { statementTypes } from '../engine/wire.ts'
import { convert } from '../function/conversion.ts'
import type { CopyIntoLocation, CopyIntoTable } from '../parse/ast-dml.ts'
import type { Options } from '../parse/ast-option.ts'
import type { Query } from '../parse/ast-query.ts'
import { parseStatement } from '../parse/parse-statement.ts'
import { makeTranslator } from '../translate/make-translator.ts'
import { emptyScope } from '../translate/scope.ts'
import { quoteName } from '../translate/sql-text.ts'
import type { BoundQuery } from '../translate/translator.ts'
import { copyIntoLocation } from './copy-into-location.ts'
import { copyIntoTable } from './copy-into-table.ts'
import type { CopyLocation, CopyResult } from './copy-request.ts'
import { withDirectColumns } from './direct-columns.ts'
import { fileFormatOptions, resolveFileFormat } from './file-format.ts'
import type { FileFormat } from './file-format.ts'
import { openStageQuery } from './stage-query.ts'

/** COPY INTO in both directions, in one transaction. @throws SqlError */
export async function executeCopy(
  scope: StatementScope,
  statement: CopyIntoTable | CopyIntoLocation,
): Promise<StatementResult> {
  const context = copyContext(scope)
  const result = await context.atomically(
    async () =>
      await (statement.kind === 'copyIntoTable' ? load(scope, context, statement) : unload(scope, context, statement)),
  )
  return { statementTypeId: statementTypes.copy, columns: result.columns, rows: once(result) }
}

async function* once({ rows }: CopyResult): AsyncGenerator<CopyResult['rows']> {
  await Promise.resolve()
  if (rows.length > 0) yield rows
}

async function load(scope: StatementScope, context: CopyContext, statement: CopyIntoTable): Promise<CopyResult> {
  const { object, ...place } = context.table(statement.table, 'INSERT')
  await lockTable(scope, object, 'append')
  const { source } = statement
  const staged = source.kind === 'stage' ? { location: source.location, options: new Map() } : stageOf(context, source)
  const stage = placeOf(context, staged.location)
  return await copyIntoTable({
    connection: context.connection,
    context: environmentOf(scope).context,
    afterCommit: context.afterCommit,
    location: stage.location,
    options: new Map([...staged.options, ...statement.options]),
    format: formatOf(context, stage.options, staged.options, statement.options),
    columns: statement.columns,
    target: {
      tableId: object.id,
      name: `"${fullName({ ...place })}"`,
      columns: object.columns,
      insert: async (columns, rows) => await context.insert(object, columns, rows),
    },
    ...(source.kind === 'stage'
      ? {}
      : { transform: (rows: BoundQuery) => context.translate(withDirectColumns(source, rows), () => rows) }),
  })
}

async function unload(scope: StatementScope, context: CopyContext, statement: CopyIntoLocation): Promise<CopyResult> {
  const stage = placeOf(context, statement.location)
  const source = context.translate(queryOf(statement))
  return await copyIntoLocation({
    connection: context.connection,
    context: environmentOf(scope).context,
    location: stage.location,
    options: statement.options,
    format: formatOf(context, stage.options, statement.options),
    source,
    ...(statement.partitionBy === undefined
      ? {}
      : { partitionSql: partitionSql(scope, source, statement.partitionBy) }),
  })
}

function queryOf({ source }: CopyIntoLocation): Query {
  if (source.kind === 'query') return source
  const statement = parseStatement(`SELECT * FROM ${source.name.parts.map(quoteName).join('.')}`)
  if (statement.kind === 'query') return statement
  throw new Error('a SELECT is a query')
}

function partitionSql(
  scope: StatementScope,
  source: BoundQuery,
  expression: NonNullable<CopyIntoLocation['partitionBy']>,
): string {
  const environment = environmentOf(scope)
  const columns = source.columns.map((column, index) => ({ ...column, sql: `c${index + 1}` }))
  const value = makeTranslator(environment).expression(expression, {
    ...emptyScope,
    relations: [{ name: [], columns }],
  })
  return convert(value, text(), { context: environment.context }).sql
}

interface Place {
  readonly location: CopyLocation
  /** Of the stage itself. */
  readonly options: Options
}

function placeOf(context: CopyContext, location: string): Place {
  const { directory, path, stage, name } = context.stage(location)
  return { location: { directory, path, label: `${name}/` }, options: stage?.options ?? new Map() }
}

/** What is said later wins: the stage's format, a named one, the statement's own options. */
function formatOf(context: CopyContext, ...sources: readonly Options[]): FileFormat {
  const all = sources.flatMap((options) => {
    const { name, options: own } = fileFormatOptions(options)
    if (name === undefined) return own.size === 0 ? [] : [own]
    return [context.fileFormat(name).options, own]
  })
  return resolveFileFormat(...all)
}

interface StageReference {
  readonly location: string
  readonly options: Options
}

/** Thrown by the translation when it meets a stage that has not been opened. */
class StageNeeded extends Error {
  readonly reference: StageReference

  constructor(reference: StageReference) {
    super('A stage has to be opened before its query is translated')
    this.name = 'StageNeeded'
    this.reference = reference
  }
}

/** The stage that a transformation reads. */
function stageOf(context: CopyContext, query: Query): StageReference {
  try {
    context.translate(query, (location, options) => {
      throw new StageNeeded({ location, options })
    })
  } catch (error) {
    if (error instanceof StageNeeded) return error.reference
    throw error
  }
  throw compilationError('001003', '42000', 'The query of COPY INTO reads no stage.')
}

/** Runs the translation of a query until all stages that it reads are open; `close` when its rows have been read. */
export async function withStages<Result>(
  scope: StatementScope,
  translate: (scope: StatementScope) => Result,
): Promise<{ readonly result: Result; readonly hasOpened: boolean; readonly close: () => Promise<void> }> {
  const context = copyContext(scope)
  const open = new Map<string, Awaited<ReturnType<typeof openStageQuery>>>()
  const close = async (): Promise<void> => {
    for (const { close: closeOne } of open.values()) await closeOne()
  }
  for (;;) {
    try {
      const stage = (location: string, options: Options): BoundQuery => {
        const known = open.get(keyOf({ location, options }))
        if (known === undefined) throw new StageNeeded({ location, options })
        return known.query
      }
      return { result: translate({ ...scope, stage }), hasOpened: open.size > 0, close }
    } catch (error) {
      if (!(error instanceof StageNeeded)) {
        await close()
        throw error
      }
      open.set(keyOf(error.reference), await openStage(scope, context, error.reference))
    }
  }
}

function keyOf({ location, options }: StageReference): string {
  return JSON.stringify([location, [...options]])
}

async function openStage(
  scope: StatementScope,
  context: CopyContext,
  { location, options }: StageReference,
): ReturnType<typeof openStageQuery> {
  const { location: place, options: own } = placeOf(context, location)
  return await openStageQuery({
    connection: context.connection,
    context: environmentOf(scope).context,
    location: place,
    format: formatOf(context, own, options),
    options,
  })
}
