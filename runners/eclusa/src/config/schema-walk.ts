import type { ConfigPath } from './config-text.ts'
import type { JsonSchema } from './json-schema.ts'

/** What is expected at one place of a configuration. */
export interface Expectation {
  /** Keys that a mapping may have here; undefined where any key will do or no mapping is expected. */
  readonly keys: readonly string[] | undefined
  readonly isSecret: boolean
  readonly isPath: boolean
  /** No schema says what stands here, as inside the variables of a step. */
  readonly isFree: boolean
  readonly acceptsText: boolean
}

/**
 * Follows a path through the schema. Where the schema offers alternatives, those that the value's own `connector` (or
 * step name, or kind) rules out are left aside.
 */
export function expectationAt(schema: JsonSchema, root: unknown, path: ConfigPath): Expectation {
  let value = root
  let candidates = alternatives(schema, value)
  for (const part of path) {
    value = childOf(value, part)
    candidates = candidates.flatMap((candidate) => {
      const child = descend(candidate, part)
      return child === undefined ? [] : alternatives(child, value)
    })
  }
  return summarize(candidates)
}

function alternatives(schema: JsonSchema, value: unknown): JsonSchema[] {
  const options = schema.oneOf ?? schema.anyOf
  if (options === undefined) return [schema]
  const flat = options.flatMap((option) => alternatives(option, value))
  const fitting = flat.filter((option) => fits(option, value))
  return fitting.length > 0 ? fitting : flat
}

function fits(schema: JsonSchema, value: unknown): boolean {
  if (value === undefined) return true
  const properties = Object.entries(schema.properties ?? {})
  if (schema.type === 'object') {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
    if (properties.some(([key, { const: fixed }]) => fixed !== undefined && fixed !== childOf(value, key))) return false
    // A step is known by its only key.
    return properties.length !== 1 || schema.required?.length !== 1 || Object.hasOwn(value, schema.required[0]!)
  }
  if (schema.type === 'array') return Array.isArray(value)
  return typeof value !== 'object' || value === null
}

function childOf(value: unknown, part: string | number): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string | number, unknown>)[part] : undefined
}

function descend(schema: JsonSchema, part: string | number): JsonSchema | undefined {
  if (typeof part === 'number') return schema.items
  const property =
    schema.properties !== undefined && Object.hasOwn(schema.properties, part) ? schema.properties[part] : undefined
  if (property !== undefined) return property
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined
}

function summarize(candidates: readonly JsonSchema[]): Expectation {
  const isOpen = candidates.some(
    ({ type, additionalProperties }) => type === 'object' && additionalProperties !== false,
  )
  const keys = candidates.flatMap(({ properties }) => Object.keys(properties ?? {}))
  return {
    keys: isOpen || keys.length === 0 ? undefined : [...new Set(keys)],
    isSecret: candidates.some(({ secret }) => secret === true),
    isPath: candidates.some(({ path }) => path === true),
    isFree: candidates.every(isUnconstrained),
    acceptsText: candidates.length === 0 || candidates.some(acceptsText),
  }
}

function isUnconstrained({ type, enum: choices, const: fixed, properties }: JsonSchema): boolean {
  return type === undefined && choices === undefined && fixed === undefined && properties === undefined
}

function acceptsText(schema: JsonSchema): boolean {
  if (schema.const !== undefined) return typeof schema.const === 'string'
  if (schema.enum !== undefined) return schema.enum.some((choice) => typeof choice === 'string')
  return (
    schema.type === undefined ||
    schema.type === 'string' ||
    (Array.isArray(schema.type) && schema.type.includes('string'))
  )
}
