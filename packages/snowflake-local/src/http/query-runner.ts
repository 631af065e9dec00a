import type { CancelStatements } from '../function/function-rule.ts'
import type { SqlFault, StatementRequest, StatementResult } from '../engine/statement.ts'
import { splitStatements } from '../parse/split-statements.ts'
import type { Session } from '../session/session-store.ts'
import { readBindRows } from '../stage/bind-rows.ts'
import type { StageGrants } from '../stage/stage-grants.ts'
import { answerTransfer, chooseShape, type StageShape } from '../stage/transfer-answer.ts'
import { describeColumn, failStatement, succeed, type Answer } from './answer.ts'
import { readBinds, type QueryRequest } from './query-request.ts'
import type { QueryStore } from './query-store.ts'
import { Query } from './query.ts'
import { chooseFormat } from './result-format.ts'
import type { ResultSpool } from './result-spool.ts'
import { collectRowset, type Rowset, type RowsetLimits } from './rowset.ts'
import { readParameters, tellParameters } from './session-parameters.ts'

interface RunnerOptions {
  readonly queries: QueryStore
  readonly spool: ResultSpool
  readonly grants: StageGrants
  readonly stageShape: StageShape
  readonly rowsetLimits: RowsetLimits
}

export interface Submission {
  readonly session: Session
  readonly requestId: string
  readonly body: QueryRequest
  /** Where this client reaches the endpoint: `http://127.0.0.1:8123`. */
  readonly url: string
}

/** One statement of a submission. */
interface Step {
  readonly query: Query
  readonly sqlText: string
  readonly submission: Submission
  readonly parameters: ReadonlyMap<string, string>
}

const canceled: SqlFault = { code: '000604', sqlState: '57014', message: 'SQL execution canceled' }
const internalFault: SqlFault = { code: '300002', sqlState: 'XX000', message: 'Internal error of the local endpoint.' }
/** Array binds of a session that are under way; a driver has one. */
const bindDirectoriesMax = 1000

/** Takes statements to the engine and makes answers of what it says. */
export class QueryRunner {
  readonly #options: RunnerOptions

  constructor(options: RunnerOptions) {
    this.#options = options
  }

  /** Begins what a request asks for, or finds what it began when it came before. */
  submit(submission: Submission): Query {
    const { session, requestId } = submission
    const known = this.#options.queries.findRequest(session.user, requestId)
    if (known !== undefined) return known
    const query = this.#add(submission, requestId)
    void this.#run(query, submission)
    return query
  }

  #add({ session }: Submission, requestId: string): Query {
    const query = new Query({ user: session.user, sessionId: session.id, requestId })
    this.#options.queries.add(query)
    return query
  }

  /** Never rejects: whatever happens is the query's answer. */
  async #run(query: Query, submission: Submission): Promise<void> {
    const parameters = readParameters(submission.body.parameters)
    const { sqlText } = submission.body
    try {
      const texts = divide(sqlText, parameters)
      if (texts === undefined) await this.#runStep({ query, sqlText, submission, parameters })
      else await this.#runAll(query, texts, submission)
    } catch (error) {
      await this.#settle(query, failStatement(faultOf(error, query), query.id))
    }
  }

  /** Several statements, each with a query of its own; the first that fails is the failure of all. */
  async #runAll(query: Query, texts: readonly string[], submission: Submission): Promise<void> {
    const steps: Query[] = []
    for (const sqlText of texts) {
      const step = this.#add(submission, '')
      const stop = () => step.cancel()
      query.signal.addEventListener('abort', stop)
      if (query.signal.aborted) stop()
      await this.#runStep({ query: step, sqlText, submission, parameters: new Map() })
      query.signal.removeEventListener('abort', stop)
      if (step.answer?.success !== true) {
        await this.#settle(query, step.answer ?? failStatement(internalFault, query.id))
        return
      }
      steps.push(step)
    }
    await this.#settle(query, answerSeveral(query, steps))
  }

  async #runStep(step: Step): Promise<void> {
    const { query, submission } = step
    let answer: Answer
    try {
      answer = await submission.session.queue.run(async (signal) => await this.#execute(step, signal), query.signal)
    } catch (error) {
      answer = failStatement(faultOf(error, query), query.id)
    }
    await this.#settle(query, answer)
  }

  async #execute(step: Step, signal: AbortSignal): Promise<Answer> {
    signal.throwIfAborted()
    const { query, submission } = step
    const result = await submission.session.sql.execute({
      ...statementOf(step, signal),
      cancel: (of) => this.#cancel(query, of),
    })
    query.statementTypeId = result.statementTypeId
    if (result.transfer !== undefined) return await this.#answerTransfer(step, result.transfer)
    const rowset = await collectRowset(result, {
      format: chooseFormat({
        clientApp: submission.session.clientApp,
        statementTypeId: result.statementTypeId,
        sessionParameters: submission.session.sql.parameters,
        statementParameters: step.parameters,
      }),
      limits: this.#options.rowsetLimits,
      spool: this.#options.spool,
    })
    query.chunkIds = rowset.chunks.map((chunk) => chunk.id)
    query.inlineBytes = rowset.inlineBytes
    return answerRows(step, result, rowset)
  }

  #cancel(asking: Query, of: Parameters<CancelStatements>[0]): number {
    return this.#options.queries.cancel(
      asking.user,
      (query) =>
        query !== asking && ('queryId' in of ? query.id === of.queryId : String(query.sessionId) === of.sessionId),
    )
  }

  async #answerTransfer(
    { query, submission }: Step,
    transfer: NonNullable<StatementResult['transfer']>,
  ): Promise<Answer> {
    if (transfer.command === 'UPLOAD')
      rememberBindDirectory(submission.session, transfer.stagePath, transfer.stageDirectory)
    const { grants, stageShape } = this.#options
    const { session, url } = submission
    const shape = chooseShape(stageShape, session)
    const isKeyIdText = session.capabilities.has('SMK_ID_AS_STRING')
    return succeed(await answerTransfer(transfer, { queryId: query.id, shape, url, grants, isKeyIdText }))
  }

  async #settle(query: Query, answer: Answer): Promise<void> {
    query.finish(answer)
    await this.#options.queries.settle(query)
  }
}

/** The statements of a request that says it has several; none when it has one, as is usual. @throws SqlFault */
function divide(sqlText: string, parameters: ReadonlyMap<string, string>): readonly string[] | undefined {
  const asked = Number(parameters.get('MULTI_STATEMENT_COUNT') ?? '1')
  if (asked === 1 && !sqlText.includes(';')) return undefined
  const texts = splitStatements(sqlText)
  if (texts.length <= 1 && asked <= 1) return undefined
  if (asked !== 0 && texts.length !== asked) throw countFault(texts.length, asked)
  return texts
}

function countFault(actual: number, asked: number): Error & SqlFault {
  const message = `Actual statement count ${actual} did not match the desired statement count ${asked}.`
  return Object.assign(new Error(message), { code: '000008', sqlState: '0A000', message })
}

function statementOf({ query, sqlText, submission, parameters }: Step, signal: AbortSignal): StatementRequest {
  const { body, session } = submission
  const binds = readBinds(body.bindings)
  return {
    queryId: query.id,
    sqlText,
    signal,
    parameters,
    describeOnly: body.describeOnly === true,
    ...(binds === undefined ? {} : { binds }),
    ...(typeof body.bindStage === 'string' ? { bindRows: bindRowsOf(session, body.bindStage) } : {}),
  }
}

function rememberBindDirectory(session: Session, stagePath: string, directory: string): void {
  session.bindDirectories.set(trimSlashes(stagePath), directory)
  const [oldest] = session.bindDirectories.keys()
  if (session.bindDirectories.size > bindDirectoriesMax && oldest !== undefined) session.bindDirectories.delete(oldest)
}

/** `@SYSTEM$BIND/<uuid>`: the stage is the one that the session put the files of that path to. */
function bindRowsOf(session: Session, bindStage: string) {
  const path = trimSlashes(bindStage.slice(bindStage.indexOf('/') + 1))
  const directory = session.bindDirectories.get(path)
  if (directory === undefined) {
    const message = 'The stage of the array bind has no files of this session.'
    throw Object.assign(new Error(message), { code: '002003', sqlState: '02000' })
  }
  // A statement that is done again reads them again.
  return { [Symbol.asyncIterator]: () => readBindRows(directory, path) }
}

function trimSlashes(path: string): string {
  return path.replace(/^\/+|\/+$/g, '')
}

function answerRows({ query, submission }: Step, result: StatementResult, rowset: Rowset): Answer {
  const { session, url } = submission
  return succeed({
    ...rowset.fields,
    rowtype: result.columns.map((column) => describeColumn(column)),
    total: rowset.total,
    returned: rowset.returned,
    ...chunkFields(rowset, url),
    parameters: tellParameters(session.sql.parameters),
    queryId: query.id,
    databaseProvider: null,
    finalDatabaseName: session.sql.database ?? null,
    finalSchemaName: session.sql.schema ?? null,
    finalWarehouseName: session.sql.warehouse ?? null,
    finalRoleName: session.sql.role ?? null,
    numberOfBinds: Object.keys(submission.body.bindings ?? {}).length,
    arrayBindSupported: true,
    statementTypeId: result.statementTypeId,
    version: 1,
    sqlState: '00000',
  })
}

function chunkFields({ chunks }: Rowset, url: string): Record<string, unknown> {
  if (chunks.length === 0) return {}
  return {
    // An empty object of headers: without one, drivers look for a key of Amazon's storage.
    chunkHeaders: {},
    chunks: chunks.map(({ id, ...sizes }) => ({ url: `${url}/chunks/${id}`, ...sizes })),
  }
}

function answerSeveral(query: Query, steps: readonly Query[]): Answer {
  return succeed({
    queryId: query.id,
    resultIds: steps.map((step) => step.id).join(','),
    resultTypes: steps.map((step) => step.statementTypeId).join(','),
    queryResultFormat: 'json',
    rowtype: [describeColumn({ name: 'multiple statement execution', type: 'text', nullable: false })],
    rowset: [['Multiple statements executed successfully.']],
    total: 1,
    returned: 1,
    parameters: [],
    statementTypeId: 0xa000,
    version: 1,
  })
}

/** What a driver is told: the engine's own words, and of a failure that is none of SQL nothing but that. */
function faultOf(error: unknown, query: Query): SqlFault {
  if (query.signal.aborted || (error instanceof Error && error.name === 'AbortError')) return canceled
  const { code, sqlState, message } = error as Partial<SqlFault>
  if (typeof code === 'string' && typeof sqlState === 'string' && typeof message === 'string')
    return { code, sqlState, message }
  return internalFault
}
