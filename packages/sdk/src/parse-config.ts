import type { z } from 'zod'
import { closestName } from './closest-name.ts'
import { EclusaError } from './error.ts'
import { redactor } from './redactor.ts'
import { knownKeys, schemasAt } from './schema-structure.ts'
import { isSecret, secretValues } from './secret-values.ts'

/** One fault in a configuration. */
export interface ConfigIssue {
  /** Keys and indexes from the root; empty when the whole is wrong. */
  readonly path: readonly (string | number)[]
  /** What is wrong, without the path and without the value: `unknown key`, `expected number, received string`. */
  readonly message: string
  /** The known key or permitted value that was probably meant. */
  readonly suggestion?: string
}

/**
 * Parses a configuration and reports all its faults at once.
 *
 * @param where names the configuration in the message: `eclusa.yaml`, `configuration of source postgres`.
 * @returns the schema's output: defaults filled in, transformations applied.
 * @throws CONFIG_INVALID with `details.issues` (`ConfigIssue[]`, in the schema's order). Neither the message nor the
 *   issues contain a value of the configuration.
 */
export function parseConfig<Schema extends z.ZodType>(schema: Schema, value: unknown, where: string): z.output<Schema> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const redact = redactor(secretValues(schema, value))
  const issues = parsed.error.issues
    .flatMap((issue) => explain(issue, { schema, value, path: [] }))
    .map((issue) => ({ ...issue, message: redact(issue.message) }))
  throw new EclusaError('CONFIG_INVALID', { message: configMessage(where, issues), details: { issues } })
}

/** One fault on one line: `ssl.mode: must be one of "require", "disable"; did you mean "require"?` */
export function formatConfigIssue(issue: ConfigIssue): string {
  const path = formatConfigPath(issue.path)
  const meant = issue.suggestion === undefined ? '' : `; did you mean "${issue.suggestion}"?`
  return `${path === '' ? '' : `${path}: `}${issue.message}${meant}`
}

/** Writes a path as configuration authors do: `streams[2].cursor`. */
export function formatConfigPath(path: readonly (string | number)[]): string {
  return path.map((key, index) => (typeof key === 'number' ? `[${key}]` : index === 0 ? key : `.${key}`)).join('')
}

function configMessage(where: string, issues: readonly ConfigIssue[]): string {
  if (issues.length === 1) return `The ${where} is wrong: ${formatConfigIssue(issues[0]!)}`
  return [`The ${where} has ${issues.length} faults:`, ...issues.map((issue) => `  ${formatConfigIssue(issue)}`)].join(
    '\n',
  )
}

interface Place {
  readonly schema: z.ZodType
  readonly value: unknown
  /** From the root to where the issue's own path starts: issues inside a union are relative to it. */
  readonly path: readonly PropertyKey[]
}

function explain(issue: z.core.$ZodIssue, place: Place): ConfigIssue[] {
  const path = [...place.path, ...issue.path]
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey([...path, key], place))
  if (issue.code === 'invalid_union') return explainUnion(issue, { ...place, path })
  if (issue.code === 'invalid_value') return [wrongChoice(path, issue.values, place)]
  if (valueAt(place.value, path) === undefined && issue.code === 'invalid_type')
    return [{ path: plain(path), message: 'missing' }]
  return [{ path: plain(path), message: shortMessage(issue) }]
}

function explainUnion(issue: z.core.$ZodIssueInvalidUnion, place: Place): ConfigIssue[] {
  if (issue.errors.length === 0) return [wrongDiscriminator(issue, place)]
  const alternatives = issue.errors.filter((errors) => !errors.some(isWrongKind))
  const nearest = alternatives.toSorted((left, right) => left.length - right.length)[0]
  if (nearest !== undefined) return nearest.flatMap((error) => explain(error, place))
  const message = valueAt(place.value, place.path) === undefined ? 'missing' : expectedKinds(issue)
  return [{ path: plain(place.path), message }]
}

/** The value is no candidate of this alternative at all: a text where the alternative is an object. */
function isWrongKind(issue: z.core.$ZodIssue): boolean {
  return issue.code === 'invalid_type' && issue.path.length === 0
}

function expectedKinds(issue: z.core.$ZodIssueInvalidUnion): string {
  const kinds = issue.errors.flat().flatMap((error) => (error.code === 'invalid_type' ? [error.expected] : []))
  return `expected ${[...new Set(kinds)].join(' or ')}`
}

function wrongDiscriminator(issue: z.core.$ZodIssueInvalidUnion, place: Place): ConfigIssue {
  const choices = place.path.length === 0 ? [] : choicesAt(place)
  return choices.length === 0
    ? { path: plain(place.path), message: shortMessage(issue) }
    : wrongChoice(place.path, choices, place)
}

function choicesAt(place: Place): unknown[] {
  return schemasAt(place.schema, place.path).flatMap((schema) => [...(schema._zod.values ?? [])])
}

function unknownKey(path: readonly PropertyKey[], place: Place): ConfigIssue {
  const parent = path.slice(0, -1)
  const used = Object.keys(valueAt(place.value, parent) ?? {})
  const free = schemasAt(place.schema, parent)
    .flatMap(knownKeys)
    .filter((key) => !used.includes(key))
  return { path: plain(path), message: 'unknown key', ...suggestion(String(path.at(-1)), free) }
}

function wrongChoice(path: readonly PropertyKey[], choices: readonly unknown[], place: Place): ConfigIssue {
  const value = valueAt(place.value, path)
  const permitted = choices.map((choice) => (typeof choice === 'string' ? JSON.stringify(choice) : String(choice)))
  const required = permitted.length === 1 ? `must be ${permitted[0]}` : `must be one of ${permitted.join(', ')}`
  if (value === undefined) return { path: plain(path), message: `missing; ${required}` }
  const tellable = typeof value === 'string' && !schemasAt(place.schema, path).some(isSecret)
  const names = choices.filter((choice) => typeof choice === 'string')
  return { path: plain(path), message: required, ...(tellable ? suggestion(value, names) : {}) }
}

function suggestion(name: string, candidates: Iterable<string>): Pick<ConfigIssue, 'suggestion'> {
  const closest = closestName(name, candidates)
  return closest === undefined ? {} : { suggestion: closest }
}

/** zod's own sentence without its opening words, which say nothing beside a path. */
function shortMessage(issue: z.core.$ZodIssue): string {
  return issue.message.replace(/^Invalid input: /, '')
}

function plain(path: readonly PropertyKey[]): (string | number)[] {
  return path.map((key) => (typeof key === 'number' ? key : String(key)))
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (parent, key) => (parent as Record<PropertyKey, unknown> | null | undefined)?.[key],
    value,
  )
}
