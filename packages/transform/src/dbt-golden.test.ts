import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { duckdbDialect } from '@eclusa/warehouse'
import { beforeAll, describe, expect, it } from 'vitest'
import { compileNodes } from './run/compile-nodes.ts'
import { loadProject } from './load-project.ts'
import type { LoadedProject } from './load-project.ts'
import { parentsOf, relationOf } from './manifest/node.ts'
import type { ProjectNode } from './manifest/node.ts'

/* What dbt-core itself made of fixtures/shop; interop/dbt-golden.ts says how the file was written. */
interface GoldenNode {
  readonly uniqueId: string
  readonly name: string
  readonly fqn: readonly string[]
  readonly tags: readonly string[]
  readonly meta: object
  readonly dependsOn: readonly string[]
  readonly schema?: string | undefined
  readonly identifier?: string | undefined
  readonly materialized?: string | undefined
  readonly severity?: string | undefined
  readonly compiled?: string
}

const fixtures = path.resolve(import.meta.dirname, '../fixtures')
const golden = JSON.parse(await readFile(path.join(fixtures, 'shop.golden.json'), 'utf8')) as { nodes: GoldenNode[] }
const log = { debug() {}, info() {}, warn() {}, error() {} }

describe('a project compared with what dbt-core made of it', () => {
  let project: LoadedProject
  beforeAll(async () => {
    project = await loadProject({
      directory: path.join(fixtures, 'shop'),
      dialect: duckdbDialect,
      target: { name: 'dev', type: 'duckdb', database: 'shop', schema: 'analytics', threads: 2 },
      log,
    })
  })

  it('has the same nodes', () => {
    expect([...project.nodes.keys()].toSorted()).toEqual(golden.nodes.map(({ uniqueId }) => uniqueId))
  })

  it.each(golden.nodes)('gives $uniqueId the same names, settings and dependencies', (wanted) => {
    const node = project.nodes.get(wanted.uniqueId)!
    expect(summaryOf(node)).toEqual({
      name: wanted.name,
      fqn: wanted.fqn,
      tags: wanted.tags,
      meta: wanted.meta,
      dependsOn: wanted.dependsOn,
      schema: wanted.schema,
      identifier: wanted.identifier,
      materialized: wanted.materialized,
      severity: wanted.severity?.toLowerCase(),
    })
  })

  it.each(golden.nodes.filter(({ compiled }) => compiled !== undefined))(
    'compiles $uniqueId to the same SQL, byte by byte',
    async ({ uniqueId, compiled }) => {
      const { signal } = new AbortController()
      const nodes = await compileNodes(project, { ids: new Set([uniqueId]), writeFiles: false, signal })
      expect(nodes.get(uniqueId)!.compiled_code).toBe(compiled)
    },
  )
})

function summaryOf(node: ProjectNode): Omit<GoldenNode, 'uniqueId' | 'compiled'> {
  const { name, fqn, config } = node
  const relation = node.resource_type === 'test' ? undefined : relationOf(node)
  return {
    name,
    fqn,
    tags: config.tags,
    meta: config.meta,
    dependsOn: parentsOf(node).toSorted(),
    schema: relation?.schema,
    identifier: relation?.identifier,
    materialized: node.resource_type === 'model' ? config.materialized : undefined,
    severity: node.resource_type === 'test' ? (config['severity'] as string).toLowerCase() : undefined,
  }
}
