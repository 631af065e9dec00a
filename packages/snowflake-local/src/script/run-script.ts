import { SqlError, compilationError } from '../engine/sql-error.ts'
import type { Bind, ResultRow, StatementResult } from '../engine/statement.ts'
import { tokenize } from '../parse/lexer.ts'
import type { Block, Handler, Step } from './script.ts'
import { RaisedError, Variables, literalOf, putValues, quoteLiteral } from './script-variables.ts'
import type { ReadRows, Variable } from './script-variables.ts'

/** Runs one statement, which may be a script again. */
export type RunStatement = (sqlText: string, binds?: readonly Bind[]) => Promise<StatementResult>

export interface ScriptResult extends ReadRows {
  /** False when it ended without RETURN. */
  readonly isReturned: boolean
}

type Outcome = 'next' | 'break' | 'continue' | ScriptResult

interface Run {
  readonly variables: Variables
  readonly execute: RunStatement
  readonly signal: AbortSignal
  /** What an exception handler has caught. */
  readonly caught?: unknown
}

/** Runs a block to its end or its RETURN. @throws SqlError of the statement that failed and was not handled */
export async function runScript(block: Block, run: Run): Promise<ScriptResult> {
  const outcome = await runBlock(block, run)
  return typeof outcome === 'string' ? { columns: [], rows: [], isReturned: false } : outcome
}

async function runBlock({ declarations, body, handlers }: Block, outer: Run): Promise<Outcome> {
  const run = { ...outer, variables: new Variables(outer.variables) }
  try {
    await runSteps(declarations, run)
    return await runSteps(body, run)
  } catch (error) {
    const handler = handlers.find((candidate) => handles(candidate, error))
    if (handler === undefined || run.signal.aborted) throw error
    for (const [name, sql] of Object.entries(factsOf(error)))
      run.variables.declare(name, { kind: 'value', sql, type: undefined })
    return await runSteps(handler.body, { ...run, caught: error })
  }
}

function handles({ names }: Handler, error: unknown): boolean {
  const name = error instanceof RaisedError ? error.exception : 'STATEMENT_ERROR'
  return names.includes('OTHER') || names.includes(name)
}

function factsOf(error: unknown): Readonly<Record<string, string>> {
  const fault = error instanceof SqlError ? error : undefined
  const code = error instanceof RaisedError ? -Number(error.code) : Number(fault?.code ?? 0)
  return {
    SQLCODE: `(${code})`,
    SQLERRM: quoteLiteral(error instanceof Error ? error.message : String(error)),
    SQLSTATE: quoteLiteral(fault?.sqlState ?? ''),
  }
}

async function runSteps(steps: readonly Step[], run: Run): Promise<Outcome> {
  for (const step of steps) {
    run.signal.throwIfAborted()
    const outcome = await runStep(step, run)
    if (outcome !== 'next') return outcome
  }
  return 'next'
}

async function runStep(step: Step, run: Run): Promise<Outcome> {
  const { variables } = run
  switch (step.kind) {
    case 'let': {
      const sql = step.value === undefined ? 'NULL' : await evaluate(step.value, run, step.type)
      variables.declare(step.name, { kind: 'value', sql, type: step.type })
      return 'next'
    }
    case 'letRows': {
      const rows = step.isCursor ? undefined : await read(step.query, run)
      variables.declare(step.name, { kind: 'rows', rows, query: step.query })
      return 'next'
    }
    case 'exception':
      variables.declare(step.name, { kind: 'exception', number: step.number, message: step.message })
      return 'next'
    case 'assign':
      return await assign(step, run)
    case 'raise':
      throw raised(step.name, run)
    case 'leave':
      return step.again ? 'continue' : 'break'
    case 'return':
      return await returned(step, run)
    case 'block':
      return await runBlock(step.block, run)
    case 'sql':
      await runSql(step.text, run)
      return 'next'
    case 'nothing':
      return 'next'
    default:
      return await runControl(step, run)
  }
}

async function runControl(step: Extract<Step, { kind: 'if' | 'range' | 'rows' | 'loop' }>, run: Run): Promise<Outcome> {
  switch (step.kind) {
    case 'if': {
      for (const { condition, body } of step.branches) {
        if (condition === undefined || (await holds(condition, run))) return await runSteps(body, run)
      }
      return 'next'
    }
    case 'range':
      return await runRange(step, run)
    case 'rows':
      return await runRows(step, run)
    case 'loop':
      return await runLoop(step, run)
  }
}

async function runRange(step: Extract<Step, { kind: 'range' }>, run: Run): Promise<Outcome> {
  const [from, to] = [await wholeNumber(step.from, run), await wholeNumber(step.to, run)]
  for (let count = 0; count <= to - from; count += 1) {
    const at = step.reverse ? to - count : from + count
    const outcome = await runTurn(step.body, run, [step.name, { kind: 'value', sql: `(${at})`, type: undefined }])
    if (outcome === 'break') break
    if (outcome !== 'next') return outcome
  }
  return 'next'
}

async function wholeNumber(text: string, run: Run): Promise<number> {
  return Number((await evaluate(text, run, 'NUMBER(38,0)')).replaceAll(/[()]/gu, ''))
}

async function runRows(step: Extract<Step, { kind: 'rows' }>, run: Run): Promise<Outcome> {
  const { columns, rows } = await rowsOf(step.over.trim(), run)
  for (const row of rows) {
    const values = columns.map((column, index) => [column.name, literalOf(row[index] ?? null, column)] as const)
    const outcome = await runTurn(step.body, run, [step.name, { kind: 'row', values: new Map(values) }])
    if (outcome === 'break') break
    if (outcome !== 'next') return outcome
  }
  return 'next'
}

async function runLoop(step: Extract<Step, { kind: 'loop' }>, run: Run): Promise<Outcome> {
  while (step.before === undefined || (await holds(step.before, run))) {
    const outcome = await runTurn(step.body, run)
    if (outcome === 'break') break
    if (outcome !== 'next') return outcome
    if (step.behind !== undefined && (await holds(step.behind, run))) break
  }
  return 'next'
}

/** Once through a loop's body; CONTINUE has ended with it. */
async function runTurn(
  body: readonly Step[],
  outer: Run,
  own?: readonly [string, Variable],
): Promise<Exclude<Outcome, 'continue'>> {
  const run = { ...outer, variables: new Variables(outer.variables) }
  if (own !== undefined) run.variables.declare(...own)
  const outcome = await runSteps(body, run)
  return outcome === 'continue' ? 'next' : outcome
}

async function assign({ name, value }: Extract<Step, { kind: 'assign' }>, run: Run): Promise<Outcome> {
  const variable = run.variables.find(name)
  if (variable?.kind !== 'value') throw unknownVariable(name)
  variable.sql = await evaluate(value, run, variable.type)
  return 'next'
}

function unknownVariable(name: string): SqlError {
  return compilationError('000904', '42000', `error line 0 at position -1\ninvalid identifier '${name}'`)
}

function raised(name: string | undefined, run: Run): unknown {
  if (name === undefined)
    return run.caught ?? compilationError('001003', '42000', 'RAISE stands in an exception handler.')
  const variable = run.variables.find(name)
  return variable?.kind === 'exception' ? new RaisedError(name, variable) : unknownVariable(name)
}

async function returned({ value, rows }: Extract<Step, { kind: 'return' }>, run: Run): Promise<Outcome> {
  if (rows !== undefined) return { ...(await rowsOf(rows.toUpperCase(), run)), isReturned: true }
  if (value === undefined) return { columns: [], rows: [], isReturned: false }
  return { ...(await select(value, run)), isReturned: true }
}

async function rowsOf(name: string, run: Run): Promise<ReadRows> {
  const variable = run.variables.find(name)
  if (variable?.kind !== 'rows') throw unknownVariable(name)
  return variable.rows ?? (await read(variable.query, run))
}

async function read(query: string, run: Run): Promise<ReadRows> {
  return await readAll(await run.execute(putValues(query, run.variables, 'statement')))
}

async function readAll({ columns, rows }: StatementResult): Promise<ReadRows> {
  const all: ResultRow[] = []
  for await (const block of rows) all.push(...block)
  return { columns, rows: all }
}

async function select(expression: string, run: Run, type?: string): Promise<ReadRows> {
  const value = putValues(expression, run.variables, 'expression')
  return await readAll(await run.execute(type === undefined ? `SELECT ${value}` : `SELECT (${value})::${type}`))
}

/** The value of an expression as a literal. */
async function evaluate(expression: string, run: Run, type?: string): Promise<string> {
  const { columns, rows } = await select(expression, run, type)
  const [column] = columns
  return column === undefined ? 'NULL' : literalOf(rows[0]?.[0] ?? null, column)
}

async function holds(condition: string, run: Run): Promise<boolean> {
  return (await evaluate(condition, run, 'BOOLEAN')) === 'TRUE'
}

const changing: ReadonlySet<number> = new Set([12_544, 12_800, 13_056, 13_312, 13_568])

async function runSql(text: string, run: Run): Promise<void> {
  const { sql, into } = withoutInto(text)
  const result = await run.execute(putValues(sql, run.variables, 'statement'))
  const { columns, rows } = await readAll(result)
  if (changing.has(result.statementTypeId)) {
    const count = rows[0]?.reduce((sum, value) => sum + Number(value ?? 0), 0) ?? 0
    run.variables.declareOutermost('SQLROWCOUNT', { kind: 'value', sql: String(count), type: undefined })
    run.variables.declareOutermost('SQLFOUND', { kind: 'value', sql: count > 0 ? 'TRUE' : 'FALSE', type: undefined })
  }
  if (into.length === 0) return
  if (rows.length !== 1) {
    throw new SqlError({
      code: '100133',
      sqlState: 'P0002',
      message: `SELECT INTO gives one row to its variables, and this one has ${rows.length}.`,
    })
  }
  for (const [index, name] of into.entries()) {
    const variable = run.variables.find(name)
    const column = columns[index]
    if (variable?.kind !== 'value' || column === undefined) throw unknownVariable(name)
    variable.sql = literalOf(rows[0]?.[index] ?? null, column)
  }
}

/** `INTO :a, :b` of a query, taken out of it. */
function withoutInto(text: string): { readonly sql: string; readonly into: readonly string[] } {
  const tokens = tokenize(text)
  const [first] = tokens
  if (first?.kind !== 'word' || (first.upper !== 'SELECT' && first.upper !== 'WITH')) return { sql: text, into: [] }
  const at = tokens.findIndex((token, index) => {
    const next = tokens[index + 1]
    return token.kind === 'word' && token.upper === 'INTO' && next?.kind === 'symbol' && next.text === ':'
  })
  if (at < 0) return { sql: text, into: [] }
  const into: string[] = []
  let last = at
  do {
    const name = tokens[last + 2]
    if (name?.kind === 'word') into.push(name.upper)
    else if (name?.kind === 'quoted') into.push(name.text)
    last += name?.kind === 'symbol' ? 0 : 2
    const comma = tokens[last + 1]
    if (comma?.kind !== 'symbol' || comma.text !== ',') break
    last += 1
  } while (tokens[last + 1]?.kind === 'symbol')
  return { sql: text.slice(0, tokens[at]?.start) + text.slice(tokens[last]?.end), into }
}
