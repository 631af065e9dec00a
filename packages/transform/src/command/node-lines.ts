import { fancyLine } from './fancy-line.ts'
import type { Color, FancyLine, LineOptions } from './fancy-line.ts'
import { fieldOf, textOf } from '../select/entry-fields.ts'
import type { GraphEntry } from '../manifest/manifest.ts'
import type { RunResult } from '../manifest/run-result.ts'

export interface NodePlace {
  /** From 1. */
  readonly index: number
  readonly total: number
}

export interface NodeLineOptions extends LineOptions {
  /** The target's: relations of it are shown without. */
  readonly database: string
}

/** The line for a node that begins; undefined for what says nothing until it ends. */
export function startLine(entry: GraphEntry, place: NodePlace, options: NodeLineOptions): string | undefined {
  if (entry.resource_type === 'exposure' || entry.resource_type === 'saved_query') return undefined
  return fancyLine({ text: `START ${describe(entry, options)}`, status: 'RUN', ...place }, options)
}

/** The line for a node that is built and waits for its tests under another name. */
export function asideLine(
  entry: GraphEntry,
  { name, seconds, ...place }: NodePlace & { readonly name: string; readonly seconds: number },
  options: NodeLineOptions,
): string {
  return fancyLine(
    { ...place, text: `BUILT ${describe(entry, options)} as ${name}`, status: 'TO BE TESTED', seconds },
    options,
  )
}

/** The line for a node whose statement was cancelled, in dbt's words. */
export function cancelLine(entry: GraphEntry, options: NodeLineOptions): string {
  return fancyLine({ text: `CANCEL query ${entry.unique_id}`, status: 'CANCEL', color: 'red' }, options)
}

/** The line for a node that has ended. */
export function resultLine(entry: GraphEntry, result: RunResult, place: NodePlace, options: NodeLineOptions): string {
  const line = result.status === 'skipped' ? skipLine(entry, result) : endLine(entry, result, options)
  const seconds = result.status === 'skipped' ? {} : { seconds: result.execution_time }
  return fancyLine({ ...line, ...place, ...seconds }, options)
}

export type Outcome = Pick<FancyLine, 'text' | 'status' | 'color'>

function endLine(entry: GraphEntry, result: RunResult, options: NodeLineOptions): Outcome {
  if (result.status === 'no-op') {
    return entry.resource_type === 'exposure' || entry.resource_type === 'saved_query'
      ? painted(`NO-OP ${describe(entry, options)}`, 'NO-OP', 'yellow')
      : painted(`FRESH ${describe(entry, options)}`, 'UNCHANGED', 'green')
  }
  switch (entry.resource_type) {
    case 'test':
    case 'unit_test':
      return testOutcome(entry, result)
    case 'snapshot':
      return builtOutcome(result, 'snapshotting', 'snapshotted', representationOf(entry, options))
    case 'seed':
      return builtOutcome(result, 'loading', 'loaded', describe(entry, options))
    default:
      return result.status === 'partial success'
        ? painted(`PARTIALLY created ${describe(entry, options)}`, result.message ?? 'PARTIAL SUCCESS', 'yellow')
        : builtOutcome(result, 'creating', 'created', describe(entry, options))
  }
}

function builtOutcome({ status, message }: RunResult, doing: string, done: string, what: string): Outcome {
  return status === 'error'
    ? painted(`ERROR ${doing} ${what}`, 'ERROR', 'red')
    : painted(`OK ${done} ${what}`, message ?? 'OK', 'green')
}

function testOutcome(entry: GraphEntry, { status, failures }: RunResult): Outcome {
  const name = testNameOf(entry)
  if (status === 'error') return painted(`ERROR ${name}`, 'ERROR', 'red')
  if (status === 'pass') return painted(`PASS ${name}`, 'PASS', 'green')
  const [word, color] = status === 'warn' ? (['WARN', 'yellow'] as const) : (['FAIL', 'red'] as const)
  return painted(`${word} ${failures ?? 0} ${name}`, `${word} ${failures ?? 0}`, color)
}

function skipLine(entry: GraphEntry, { message }: RunResult): Outcome {
  const isRelation = ['model', 'seed', 'snapshot'].includes(entry.resource_type)
  const what =
    isRelation && 'schema' in entry
      ? `relation ${String(entry.schema)}.${entry.name}`
      : `${entry.resource_type} ${entry.name}`
  if (message?.startsWith('Compilation Error') === true)
    return painted(`SKIP ${what} due to ephemeral model status 'error'`, 'ERROR SKIP', 'red')
  return painted(`SKIP ${what}`, 'SKIP', 'yellow')
}

function painted(text: string, status: string, color: Color): Outcome {
  return { text, status, color }
}

function describe(entry: GraphEntry, options: NodeLineOptions): string {
  switch (entry.resource_type) {
    case 'model':
      return `sql ${materializedOf(entry)} model ${representationOf(entry, options)}`
    case 'seed':
      return `seed file ${representationOf(entry, options)}`
    case 'snapshot':
      return `snapshot ${representationOf(entry, options)}`
    case 'test':
    case 'unit_test':
      return `${entry.resource_type} ${testNameOf(entry)}`
    default:
      return `${entry.resource_type.replace('_', ' ')} ${entry.name}`
  }
}

/** dbt names a microbatch model by its strategy, as it runs it batch by batch. */
function materializedOf(entry: GraphEntry): string {
  const materialized = fieldOf(entry, 'config', 'materialized')
  const isBatched = fieldOf(entry, 'config', 'incremental_strategy') === 'microbatch'
  return materialized === 'incremental' && isBatched ? 'microbatch' : String(materialized)
}

function testNameOf(entry: GraphEntry): string {
  if (entry.resource_type !== 'unit_test') return entry.name
  const version = fieldOf(entry, 'version') ?? null
  const suffix = typeof version === 'string' || typeof version === 'number' ? `_v${version}` : ''
  return `${textOf(entry, 'model')}::${entry.name}${suffix}`
}

function representationOf(entry: GraphEntry, { database }: NodeLineOptions): string {
  if (!('alias' in entry && 'schema' in entry && 'database' in entry)) return entry.name
  const parts = [entry.schema, entry.alias].map(String)
  return entry.database === database ? parts.join('.') : [String(entry.database), ...parts].join('.')
}
