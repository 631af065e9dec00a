import { readFileSync } from 'node:fs'
import { createLog } from '@eclusa/sdk'
import { dialectOf } from '@eclusa/warehouse'
import { describe, expect, test } from 'vitest'
import { AgateTable } from '../python/agate-table.ts'
import { NativeFunction } from '../jinja/signature.ts'
import { PyTuple } from '../jinja/python-collections.ts'
import { libraryPackages, readLibraryMacros } from './library-macros.ts'
import { MacroLibrary, createProjectEnvironment } from './macro-library.ts'
import { nodeContext } from './node-context.ts'
import type { ProjectScope } from './scope.ts'

/** What dbt 1.10 prints for each call; written by interop/text-macros.ts. */
const goldens = JSON.parse(
  readFileSync(new URL('../../fixtures/text-macros.golden.json', import.meta.url), 'utf8'),
) as Record<'duckdb' | 'postgres', Record<string, string>>

const databases = { duckdb: 'memory', postgres: 'postgres' } as const
const schemas = { duckdb: 'main', postgres: 'public' } as const
const environment = createProjectEnvironment()

async function contextFor(type: 'duckdb' | 'postgres'): Promise<Record<string, unknown>> {
  const internalPackages = libraryPackages(type)
  const scope: ProjectScope = {
    projectName: 'text_macros',
    target: { name: type, type, database: databases[type], schema: schemas[type], threads: 1 },
    dialect: dialectOf({ type }),
    vars: {},
    environment: {},
    macros: new MacroLibrary({
      environment,
      files: await readLibraryMacros(internalPackages),
      rootPackage: 'text_macros',
      internalPackages,
      adapterTypes: [type],
    }),
    log: createLog({ write: () => {} }),
    invocationId: '',
    runStartedAt: '',
  }
  // The only macro that asks the warehouse is `get_intervals_between`; these are the answers to its two questions.
  let days = 0
  const execute = new NativeFunction('execute', 'sql auto_begin? fetch? limit?', (sql: unknown) => {
    days = String(sql).includes('2024-01-08') ? 7 : 3
    return new PyTuple(['', AgateTable.fromRows([], [])])
  })
  return nodeContext(scope, {
    execute: true,
    model: {},
    config: {},
    isIncremental: false,
    thisRelation: `"${databases[type]}"."${schemas[type]}"."calls"`,
    extra: {
      store_result: new NativeFunction('store_result', 'name response? agate_table?', () => ''),
      load_result: () => ({ data: [[days]] }),
    },
    ref: () => null,
    source: () => null,
    setConfig: () => {},
    adapter: ({ names }) => ({ ...names, execute }),
  })
}

describe.each(['duckdb', 'postgres'] as const)('on %s every text macro prints what dbt prints', async (type) => {
  const context = await contextFor(type)

  test.each(Object.entries(goldens[type]))('%s', async (call, expected) => {
    expect(await environment.parse(`{{ ${call} }}`).renderAsync(context)).toBe(expected)
  })
})
