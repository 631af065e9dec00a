import { z } from 'zod'
import { reprOfValue } from '../jinja/python-text.ts'
import { isRecord } from '../manifest/node-config.ts'
import { metricSchema, savedQuerySchema, semanticModelSchema } from './semantic-properties.ts'

/** `unique`, or `accepted_values: { values: […], config: {…} }`, or dbt 1.10's `{ name, arguments, config }`. */
const testSchema = z.union([z.string(), z.record(z.string(), z.unknown())])

/** What was left empty is as if it was not written. */
const optional = <Schema extends z.ZodType>(schema: Schema) => z.preprocess((value) => value ?? undefined, schema)
const list = <Schema extends z.ZodType>(schema: Schema) => optional(z.array(schema).default([]))
const text = optional(z.string().default(''))
/** Settings of sources and exposures, of which dbt checks these. */
const checkedSettings = optional(
  z
    .looseObject({
      enabled: z
        .boolean({ error: ({ input }) => `${reprOfValue(input)} is not of type 'boolean': write true or false` })
        .nullish(),
      meta: z.record(z.string(), z.unknown(), { error: 'must be a mapping' }).nullish(),
    })
    .default({}),
)
const settings = optional(z.record(z.string(), z.unknown()).default({}))
const tags = optional(
  z.preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(z.string()).default([])),
)
const versionSchema = z.union([z.string(), z.number(), z.unknown().transform(Number)])

/** A part may be left out, since table and source are taken together. */
const freshnessTime = z
  .looseObject({ count: z.int().nullish(), period: z.enum(['minute', 'hour', 'day']).nullish() })
  .nullish()
const freshnessSchema = z.looseObject({
  warn_after: freshnessTime,
  error_after: freshnessTime,
  filter: z.string().nullish(),
})

/** `tests` is the older name of `data_tests`. */
const testsOf = {
  data_tests: optional(z.array(testSchema).optional()),
  tests: optional(z.array(testSchema).optional()),
}

const constraintSchema = z.looseObject({
  type: z.enum(['check', 'not_null', 'unique', 'primary_key', 'foreign_key', 'custom']),
})

const columnSchema = z.looseObject({
  name: z.string(),
  description: text,
  data_type: z.string().nullish(),
  quote: z.boolean().nullish(),
  granularity: z.string().nullish(),
  constraints: list(constraintSchema),
  meta: settings,
  tags,
  config: settings,
  ...testsOf,
})

const describedSchema = {
  name: z.string(),
  description: text,
  columns: list(columnSchema),
  config: settings,
  quote_columns: z.boolean().nullish(),
  ...testsOf,
}

/** `include` and `exclude` choose among the model's columns; an entry with a name adds one. */
const versionColumnSchema = z.union([
  z.looseObject({ ...columnSchema.shape }),
  z.looseObject({
    include: z.union([z.string(), z.array(z.string())]).optional(),
    exclude: optional(z.array(z.string()).default([])),
  }),
])

const modelSchema = z.looseObject({
  ...describedSchema,
  constraints: list(constraintSchema),
  latest_version: versionSchema.nullish(),
  deprecation_date: z.string().nullish(),
  time_spine: z.record(z.string(), z.unknown()).nullish(),
  versions: list(
    z.looseObject({
      v: versionSchema,
      defined_in: z.string().nullish(),
      description: z.string().nullish(),
      columns: list(versionColumnSchema),
      config: settings,
      deprecation_date: z.string().nullish(),
      constraints: optional(z.array(constraintSchema).optional()),
      ...testsOf,
    }),
  ),
})

const quotingSchema = z
  .looseObject({
    database: z.boolean().nullish(),
    schema: z.boolean().nullish(),
    identifier: z.boolean().nullish(),
    column: z.boolean().nullish(),
  })
  .default({})

const sourceSettings = {
  description: text,
  loaded_at_field: z.string().nullish(),
  loaded_at_query: z.string().nullish(),
  freshness: freshnessSchema.nullish(),
  quoting: optional(quotingSchema),
  meta: settings,
  tags,
  config: checkedSettings,
}

const sourceTableSchema = z.looseObject({
  ...describedSchema,
  ...sourceSettings,
  identifier: z.string().nullish(),
  external: z.record(z.string(), z.unknown()).nullish(),
})

const sourceSchema = z.looseObject({
  name: z.string(),
  ...sourceSettings,
  schema: z.string().nullish(),
  database: z.string().nullish(),
  loader: text,
  overrides: z.string().nullish(),
  tables: list(sourceTableSchema),
})

const macroSchema = z.looseObject({
  name: z.string(),
  description: text,
  meta: settings,
  docs: settings,
  config: settings,
  arguments: list(z.looseObject({ name: z.string(), type: z.string().nullish(), description: text })),
})

const owner = z.record(z.string(), z.unknown())

const exposureSchema = z.looseObject({
  name: z.string(),
  type: z.enum(['dashboard', 'notebook', 'analysis', 'ml', 'application']),
  owner,
  description: text,
  label: z.string().nullish(),
  maturity: z.enum(['low', 'medium', 'high']).nullish(),
  url: z.string().nullish(),
  depends_on: list(z.string()),
  meta: settings,
  tags,
  config: checkedSettings,
})

const groupSchema = z.looseObject({ name: z.string(), owner, description: z.string().nullish(), config: settings })

const fixtureSchema = {
  rows: z.union([z.string(), z.array(z.record(z.string(), z.unknown()))]).nullish(),
  format: z.enum(['dict', 'csv', 'sql']).default('dict'),
  fixture: z.string().nullish(),
}

const unitTestSchema = z.looseObject({
  name: z.string(),
  model: z.string(),
  description: text,
  given: list(z.looseObject({ input: z.string(), ...fixtureSchema })),
  expect: z.looseObject(fixtureSchema),
  overrides: z.looseObject({ macros: settings, vars: settings, env_vars: settings }).nullish(),
  versions: z.unknown().optional(),
  config: settings,
})

/** A properties file: any .yml below the folders of nodes and macros. */
export const propertiesFileSchema = z.looseObject({
  version: z.unknown().optional(),
  models: list(modelSchema),
  seeds: list(z.looseObject(describedSchema)),
  snapshots: list(z.looseObject({ ...describedSchema, relation: z.string().optional() })),
  analyses: list(z.looseObject(describedSchema)),
  data_tests: list(z.looseObject({ name: z.string(), description: text, config: settings })),
  sources: list(sourceSchema),
  macros: list(macroSchema),
  exposures: list(exposureSchema),
  groups: list(groupSchema),
  unit_tests: list(unitTestSchema),
  metrics: list(metricSchema),
  semantic_models: list(semanticModelSchema),
  saved_queries: list(savedQuerySchema),
})
export type PropertiesFile = z.output<typeof propertiesFileSchema>
export type ModelProperties = PropertiesFile['models'][number]
export type NodeProperties = PropertiesFile['seeds'][number]
export type SourceProperties = PropertiesFile['sources'][number]
export type TableProperties = SourceProperties['tables'][number]
export type ExposureProperties = PropertiesFile['exposures'][number]
export type GroupProperties = PropertiesFile['groups'][number]
export type UnitTestProperties = PropertiesFile['unit_tests'][number]
export type VersionProperties = ModelProperties['versions'][number]
export type ColumnProperties = z.output<typeof columnSchema>
export type TestProperties = z.output<typeof testSchema>

/** The tests of a model, a column or a table, under either name. */
export function testsIn(described: {
  readonly data_tests?: readonly TestProperties[] | undefined
  readonly tests?: readonly TestProperties[] | undefined
}): { readonly key: 'data_tests' | 'tests'; readonly tests: readonly TestProperties[] } {
  return described.data_tests === undefined
    ? { key: 'tests', tests: described.tests ?? [] }
    : { key: 'data_tests', tests: described.data_tests }
}

const late = new Set(['tests', 'data_tests', 'description', 'loaded_at_query'])

/** What of an entry keeps its braces until later: descriptions, tests and hooks. Source: dbt-core, schema_renderer.py. */
function isLate(path: readonly PropertyKey[]): boolean {
  const [first, second, third] = path.map(String)
  if (path.length === 0) return false
  if (late.has(first!) || (path.length === 2 && late.has(second!))) return true
  if (
    first === 'config' &&
    ['pre_hook', 'post_hook', 'pre-hook', 'post-hook', 'loaded_at_query'].includes(second ?? '')
  )
    return true
  if (path.length === 5 && String(path[4]) === 'description') return true
  return path.length >= 3 && ['columns', 'dimensions', 'measures', 'entities'].includes(first!) && late.has(third!)
}

/** Whether the value at a path of a properties file is rendered later than the file. */
export function keepsBracesInProperties([section, _index, ...path]: readonly PropertyKey[]): boolean {
  if (path.length === 0) return false
  switch (section) {
    case 'sources':
      if (late.has(String(path[0])) || (path[0] === 'config' && path[1] === 'loaded_at_query')) return true
      return path[0] === 'tables' && isLate(path.slice(2))
    case 'macros':
      return path[0] === 'arguments' ? isLate(path.slice(1)) : isLate(path)
    case 'metrics':
      return path.at(-1) === 'filter' || path.at(-2) === 'filter' || isLate(path)
    case 'saved_queries':
      return (path[0] === 'query_params' && path[1] === 'where') || isLate(path)
    default:
      return isLate(path)
  }
}

/** Keys that dbt also takes beside `config` and moves into it. */
const movedKeys = ['meta', 'docs', 'group', 'contract', 'access'] as const

/** The settings of an entry, those that stand beside `config` among them. */
export function settingsOf(entry: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const moved = movedKeys.filter((key) => entry[key] !== undefined).map((key) => [key, entry[key]] as const)
  return { ...(isRecord(entry['config']) ? entry['config'] : {}), ...Object.fromEntries(moved) }
}
