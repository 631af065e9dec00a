import { z } from 'zod'
import { isRecord } from '../manifest/node-config.ts'
import { renamedKeys } from './project-keys.ts'

/** A single value where dbt also takes a list; nothing at all is an empty list. */
const listOf = <Item extends z.ZodType>(item: Item) =>
  z.preprocess(
    (value) => (value === undefined || value === null ? [] : Array.isArray(value) ? value : [value]),
    z.array(item),
  )

const folders = (...fallback: string[]) =>
  z
    .union([z.array(z.string()), z.null()])
    .optional()
    .transform((paths) => (paths ?? fallback).map((folder) => folder.replace(/^\.\/|\/+$/gu, '')))

/** A tree of settings; an empty one may be left without a value. */
const tree = z.preprocess((value) => value ?? {}, z.record(z.string(), z.unknown()))

const queryCommentSchema = z.union([
  z.string(),
  z.null(),
  z.looseObject({
    comment: z.string().nullish(),
    append: z.boolean().default(false),
    'job-label': z.boolean().optional(),
  }),
])

/** A semantic version, as dbt takes it: `1.0` and `1.0.0`, as text or as a number. */
const versionPattern = /^\d+\.\d+(?:\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)?$/u
const versionText = "is no version: write it as '1.0.0', or leave it out"

/** dbt_project.yml. Keys that only dbt's own cloud reads are accepted and have no effect. */
export const projectFileSchema = z.looseObject({
  name: z.string().regex(/^[A-Za-z_]\w*$/u, 'must be letters, digits and underscores, and not begin with a digit'),
  version: z.union([z.string().regex(versionPattern, versionText), z.number()], { error: versionText }).nullish(),
  'config-version': z.union([z.literal(2), z.literal(1)], { error: 'must be 2, or left out' }).optional(),
  profile: z.string().nullish(),
  'model-paths': folders('models'),
  'macro-paths': folders('macros'),
  'test-paths': folders('tests'),
  'seed-paths': folders('seeds'),
  'snapshot-paths': folders('snapshots'),
  'analysis-paths': folders('analyses'),
  'docs-paths': z.array(z.string()).optional(),
  'asset-paths': folders(),
  'target-path': z.string().default('target'),
  'log-path': z.string().default('logs'),
  'packages-install-path': z.string().default('dbt_packages'),
  'clean-targets': z.array(z.string()).optional(),
  'require-dbt-version': z.union([z.string(), z.array(z.string())]).optional(),
  'dbt-cloud': z.record(z.string(), z.unknown(), { error: 'must be a mapping' }).nullish(),
  'restrict-access': z.boolean().default(false),
  quoting: z
    .looseObject({
      database: z.boolean().optional(),
      schema: z.boolean().optional(),
      identifier: z.boolean().optional(),
    })
    .default({}),
  'on-run-start': listOf(z.string()),
  'on-run-end': listOf(z.string()),
  'query-comment': queryCommentSchema.optional(),
  dispatch: z
    .array(z.looseObject({ macro_namespace: z.string(), search_order: z.array(z.string()).default([]) }))
    .default([]),
  flags: tree,
  vars: tree,
  models: tree,
  seeds: tree,
  snapshots: tree,
  sources: tree,
  tests: tree,
  data_tests: tree,
  unit_tests: tree,
  exposures: tree,
  metrics: tree,
  'semantic-models': tree,
  'saved-queries': tree,
})
export type ProjectFile = z.output<typeof projectFileSchema>

/** The file's values with the spellings of dbt before 1.0 replaced; `notices` gets a sentence for each. */
export function withPresentSpelling(value: unknown, notices: string[]): unknown {
  if (!isRecord(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      const present = renamedKeys[key]
      if (present === undefined || present in value) return [key, item]
      notices.push(`dbt_project.yml: "${key}" has been called "${present}" since dbt 1.0; rename it.`)
      return [present, item]
    }),
  )
}

const hooks = new Set(['pre-hook', 'post-hook', 'pre_hook', 'post_hook'])
const hookTrees = new Set(['models', 'seeds', 'snapshots', 'tests', 'data_tests'])

/** What of dbt_project.yml keeps its braces until it is used: variables, hooks and the comment of queries. dbt's rule. */
export function keepsBraces(path: readonly PropertyKey[]): boolean {
  const first = String(path[0])
  if (['on-run-start', 'on-run-end', 'query-comment', 'vars'].includes(first)) return true
  return hookTrees.has(first) && path.some((key) => hooks.has(String(key).replace(/^[+ ]+/u, '')))
}
