import { isRecord } from '../manifest/node-config.ts'
import type { PartialConfig } from '../manifest/node-config.ts'
import type { TestProperties } from './properties-file.ts'

/** A generic test as a properties file declares it, whichever of dbt's ways of writing was used. */
export interface DeclaredTest {
  readonly testName: string
  /** The author's own name for it. */
  readonly name?: string
  readonly arguments: Readonly<Record<string, unknown>>
  readonly config: PartialConfig
}

/** Keys that dbt reads as settings when they stand beside a test's arguments. */
const configKeys = new Set([
  'enabled',
  'error_if',
  'fail_calc',
  'limit',
  'meta',
  'severity',
  'store_failures',
  'tags',
  'warn_if',
  'where',
  'database',
  'schema',
  'alias',
])

/** Returns undefined for an entry that names no test. */
export function readDeclaredTest(entry: TestProperties): DeclaredTest | undefined {
  if (typeof entry === 'string') return { testName: entry, arguments: {}, config: {} }
  if (typeof entry['test_name'] === 'string') {
    const { test_name: testName, ...rest } = entry
    return declared(testName, rest)
  }
  const [[testName, body] = [], ...others] = Object.entries(entry)
  if (testName === undefined || others.length > 0) return undefined
  return body === null || body === undefined
    ? declared(testName, {})
    : isRecord(body)
      ? declared(testName, body)
      : undefined
}

function declared(testName: string, body: Readonly<Record<string, unknown>>): DeclaredTest {
  const { name, config, description: _, arguments: wrapped, ...rest } = body
  const settings = Object.fromEntries(Object.entries(rest).filter(([key]) => configKeys.has(key)))
  const args = Object.fromEntries(Object.entries(rest).filter(([key]) => !configKeys.has(key)))
  return {
    testName,
    ...(typeof name === 'string' ? { name } : {}),
    arguments: { ...args, ...(isRecord(wrapped) ? wrapped : {}) },
    config: { ...settings, ...(isRecord(config) ? config : {}) },
  }
}
