import { resolve } from 'node:path'
import { formatConfigPath, hasErrorCode, parseConfig } from '@eclusa/sdk'
import type { ConfigIssue } from '@eclusa/sdk'
import type { z } from 'zod'
import type { ConfigPath } from './config-text.ts'
import type { ConfigurablePart, ConnectorRegistry } from './connector-registry.ts'
import { projectJsonSchema } from './json-schema.ts'
import type { JsonSchema } from './json-schema.ts'
import { projectSchemaOf } from './project-schema.ts'
import type { Project } from './project-schema.ts'
import { hasReference, resolveReferences } from './reference.ts'
import type { ReferenceSources } from './reference.ts'
import { expectationAt } from './schema-walk.ts'
import type { Expectation } from './schema-walk.ts'

/** The parts of a configuration whose references a command can do without. */
export type ConfigSection = 'source' | 'destination' | 'steps'

export interface CheckConfigOptions extends ReferenceSources {
  readonly registry: ConnectorRegistry
  /** Sections whose references are resolved; the variables of the others need not be set. */
  readonly sections: readonly ConfigSection[]
}

export interface CheckedConfig {
  /** Defined when there are no issues. */
  readonly project: Project | undefined
  readonly issues: readonly ConfigIssue[]
  /** What must never be shown: values of references, and secrets that were written down against the rule. */
  readonly secrets: readonly string[]
  /** Names of the environment variables that were looked up and are set. */
  readonly variables: readonly string[]
}

/**
 * Checks plain data as a configuration, resolves its references, and makes paths absolute. Finds every fault at once:
 * what cannot be judged for want of a variable is not reported a second time.
 */
export function checkConfig(written: unknown, options: CheckConfigOptions): CheckedConfig {
  if (!isMapping(written)) {
    const message = 'a configuration is a mapping with version, name, source, destination and streams'
    return { project: undefined, issues: [{ path: [], message }], secrets: [], variables: [] }
  }
  const { registry } = options
  const jsonSchema = projectJsonSchema(registry)
  const resolution = resolveAll(written, jsonSchema, options)
  placeDefaultPaths(resolution.value, jsonSchema, options.directory)
  const schema = projectSchemaOf(registry)
  const { value } = resolution
  const judged = [
    ...issuesOf(schema, value),
    ...connectorIssues('source', registry.sources, value),
    ...connectorIssues('destination', registry.destinations, value),
    ...stepIssues(registry.steps, value['steps']),
  ].filter(({ path }) => !resolution.unjudged.has(formatConfigPath(path)))
  const issues = [...resolution.issues, ...judged]
  const { secrets, variables } = resolution
  return { project: issues.length === 0 ? schema.parse(value) : undefined, issues, secrets, variables: [...variables] }
}

interface Resolution {
  readonly value: Record<string, unknown>
  readonly issues: ConfigIssue[]
  readonly secrets: string[]
  readonly variables: Set<string>
  /** Paths of values that are not known, so that nothing can be said about them. */
  readonly unjudged: Set<string>
}

function resolveAll(written: Record<string, unknown>, schema: JsonSchema, options: CheckConfigOptions): Resolution {
  const resolution: Resolution = {
    value: structuredClone(written),
    issues: [],
    secrets: [],
    variables: new Set(),
    unjudged: new Set(),
  }
  for (const { path, value } of scalarsOf(written)) {
    const expectation = expectationAt(schema, written, path)
    if (expectation.isSecret && !(typeof value === 'string' && hasReference(value)))
      refuseLiteral(path, value, resolution)
    else if (typeof value === 'string') resolveText({ path, text: value }, expectation, resolution, options)
  }
  return resolution
}

/** Texts, and whatever else may have been written in place of a secret. */
function* scalarsOf(value: unknown, path: ConfigPath = []): Generator<{ path: ConfigPath; value: unknown }> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* scalarsOf(item, [...path, index])
  } else if (isMapping(value)) {
    for (const [key, item] of Object.entries(value)) yield* scalarsOf(item, [...path, key])
  } else if (value !== null && value !== undefined) {
    yield { path, value }
  }
}

function refuseLiteral(path: ConfigPath, value: unknown, resolution: Resolution): void {
  const variable = String(path.at(-1)).toUpperCase()
  resolution.secrets.push(String(value))
  resolution.unjudged.add(formatConfigPath(path))
  resolution.issues.push({
    path,
    message: `a secret must not be written down here: refer to it by \${env:${variable}} or \${file:path}`,
  })
}

const urlWithPassword = /^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:([^@\s]+)@/iu

function resolveText(
  { path, text }: { path: ConfigPath; text: string },
  expectation: Expectation,
  resolution: Resolution,
  options: CheckConfigOptions,
): void {
  const password = urlWithPassword.exec(text)?.[1]
  if (password !== undefined && !hasReference(password)) refuseLiteral(path, text, resolution)
  const isWanted = !['source', 'destination', 'steps'].some(
    (section) => section === path[0] && !(options.sections as readonly string[]).includes(section),
  )
  if (!isWanted) {
    if (hasReference(text)) resolution.unjudged.add(formatConfigPath(path))
    return
  }
  const resolved = resolveReferences(text, options)
  for (const name of resolved.variables) resolution.variables.add(name)
  const isHidden = expectation.isSecret || expectation.isFree
  if (isHidden && resolved.values.length > 0) resolution.secrets.push(...resolved.values, resolved.text)
  if (resolved.faults.length > 0) {
    resolution.unjudged.add(formatConfigPath(path))
    resolution.issues.push(...resolved.faults.map((message) => ({ path, message })))
    return
  }
  const typed = resolved.isWhole && !expectation.acceptsText ? scalarOf(resolved.text) : resolved.text
  const isRelativePath = expectation.isPath && typeof typed === 'string' && typed !== ':memory:'
  put(resolution.value, path, isRelativePath ? resolve(options.directory, typed) : typed)
}

/** Variables hold text; where a number or a boolean is expected, the text of one will do. */
function scalarOf(text: string): unknown {
  if (/^-?\d+(\.\d+)?$/u.test(text)) return Number(text)
  if (text === 'true' || text === 'false') return text === 'true'
  return text
}

function put(root: Record<string, unknown>, path: ConfigPath, value: unknown): void {
  const parent = path
    .slice(0, -1)
    .reduce<Record<string | number, unknown>>((node, part) => node[part] as Record<string | number, unknown>, root)
  parent[path.at(-1)!] = value
}

/** A path that is left to its default is relative to the configuration as well. */
function placeDefaultPaths(root: Record<string, unknown>, schema: JsonSchema, directory: string): void {
  for (const section of ['source', 'destination'] as const) {
    const written = root[section]
    const part = schema.properties![section]!.oneOf!.find(
      ({ properties }) => isMapping(written) && properties!['connector']!.const === written['connector'],
    )
    for (const [key, { path, default: fallback }] of Object.entries(part?.properties ?? {})) {
      if (path === true && typeof fallback === 'string' && isMapping(written))
        written[key] ??= resolve(directory, fallback)
    }
  }
}

type Parts = Readonly<Record<string, ConfigurablePart>>

function connectorIssues(
  section: 'source' | 'destination',
  parts: Parts,
  root: Record<string, unknown>,
): ConfigIssue[] {
  const written = root[section]
  if (!isMapping(written)) return []
  const { connector, ...config } = written
  return partIssues(parts, connector, config, [section])
}

function stepIssues(parts: Parts, steps: unknown): ConfigIssue[] {
  if (!Array.isArray(steps)) return []
  return steps.flatMap((step: unknown, index) =>
    isMapping(step)
      ? Object.entries(step).flatMap(([name, config]) => partIssues(parts, name, config, ['steps', index, name]))
      : [],
  )
}

/** An unknown name is reported by the schema of the whole. */
function partIssues(parts: Parts, name: unknown, config: unknown, path: ConfigPath): ConfigIssue[] {
  const part = typeof name === 'string' && Object.hasOwn(parts, name) ? parts[name] : undefined
  return part === undefined
    ? []
    : issuesOf(part.config, config).map((issue) => ({ ...issue, path: [...path, ...issue.path] }))
}

function issuesOf(schema: z.ZodType, value: unknown): readonly ConfigIssue[] {
  try {
    parseConfig(schema, value, 'configuration')
    return []
  } catch (error) {
    if (hasErrorCode(error, 'CONFIG_INVALID')) return error.details['issues'] as readonly ConfigIssue[]
    throw error
  }
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
