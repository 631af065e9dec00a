import { isRecord } from '../manifest/node-config.ts'
import type { PartialConfig } from '../manifest/node-config.ts'
import type { TestProperties } from './properties-file.ts'

/** A generic test as a properties file declares it, whichever of dbt's ways of writing was used. */
export interface DeclaredTest {
  /** The package in front of the test's name: `dbt_utils.equality`. */
  readonly namespace: string | undefined
  readonly testName: string
  /** The author's own name for it. */
  readonly name?: string
  readonly description: string
  /** In the order in which they were written, the column's name before them. */
  readonly arguments: Readonly<Record<string, unknown>>
  readonly config: PartialConfig
}

/** Keys that dbt reads as settings when they stand beside a test's arguments, in the order in which it does. */
const configKeys = [
  'severity',
  'tags',
  'enabled',
  'where',
  'limit',
  'warn_if',
  'error_if',
  'fail_calc',
  'store_failures',
  'store_failures_as',
  'meta',
  'database',
  'schema',
  'alias',
]

const namePattern = /^(?:([a-zA-Z_]\w*)\.)?([a-zA-Z_]\w*)/u

/** Returns undefined for an entry that names no test. */
export function readDeclaredTest(entry: TestProperties, columnName: string | undefined): DeclaredTest | undefined {
  if (typeof entry === 'string') return declared(entry, {}, columnName)
  if (typeof entry['test_name'] === 'string') {
    const { test_name: testName, ...rest } = entry
    return declared(testName, rest, columnName)
  }
  const [[testName, body] = [], ...others] = Object.entries(entry)
  if (testName === undefined || others.length > 0) return undefined
  const args = body ?? {}
  return isRecord(args) ? declared(testName, args, columnName) : undefined
}

function declared(
  written: string,
  body: Readonly<Record<string, unknown>>,
  columnName: string | undefined,
): DeclaredTest | undefined {
  const [, namespace, testName] = namePattern.exec(written) ?? []
  if (testName === undefined) return undefined
  const { name, config: wrappedConfig, description, arguments: wrapped, ...rest } = body
  const args = Object.fromEntries(Object.entries(rest).filter(([key]) => !configKeys.includes(key)))
  return {
    namespace,
    testName,
    ...(typeof name === 'string' ? { name } : {}),
    description: typeof description === 'string' ? description : '',
    arguments: {
      ...args,
      ...(columnName === undefined ? {} : { column_name: columnName }),
      ...(isRecord(wrapped) ? wrapped : {}),
    },
    config: configOf(rest, isRecord(wrappedConfig) ? wrappedConfig : {}),
  }
}

/** Known settings in dbt's order, wherever they stand, then those that only `config` may hold. */
function configOf(beside: PartialConfig, wrapped: PartialConfig): PartialConfig {
  const config: Record<string, unknown> = {}
  for (const key of [...configKeys, ...Object.keys(wrapped)]) {
    const value = beside[key] ?? wrapped[key]
    if (value !== undefined && value !== null) config[key] = value
  }
  return config
}
