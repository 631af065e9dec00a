/*
 * Extracts from a manifest.json that dbt-core wrote what our project loader and compiler have to agree with.
 *
 *   cp -r fixtures/shop "$(mktemp -d)" && cd … && dbt compile     (dbt-core 1.x with dbt-duckdb; see the README)
 *   node interop/dbt-golden.ts target/manifest.json > fixtures/shop.golden.json
 */
import { readFile } from 'node:fs/promises'

interface ManifestNode {
  readonly unique_id: string
  readonly name: string
  readonly resource_type: string
  readonly fqn: readonly string[]
  readonly schema: string
  readonly alias: string
  readonly identifier?: string
  readonly config: {
    readonly materialized: string
    readonly tags: readonly string[]
    readonly meta: object
    readonly severity?: string
  }
  readonly depends_on?: { readonly nodes: readonly string[] }
  readonly compiled_code?: string
}
interface Manifest {
  readonly metadata: { readonly dbt_version: string }
  readonly nodes: Readonly<Record<string, ManifestNode>>
  readonly sources: Readonly<Record<string, ManifestNode>>
}

const manifest = JSON.parse(await readFile(process.argv[2] ?? 'target/manifest.json', 'utf8')) as Manifest
const nodes = [...Object.values(manifest.nodes), ...Object.values(manifest.sources)].map((node) => ({
  uniqueId: node.unique_id,
  name: node.name,
  resourceType: node.resource_type,
  fqn: node.fqn,
  tags: node.config.tags ?? [],
  meta: node.config.meta ?? {},
  dependsOn: (node.depends_on?.nodes ?? []).toSorted(),
  ...(node.resource_type === 'test'
    ? { severity: node.config.severity }
    : { schema: node.schema, identifier: node.identifier ?? node.alias }),
  ...(node.resource_type === 'model' ? { materialized: node.config.materialized, compiled: node.compiled_code } : {}),
}))
const golden = {
  madeWith: `dbt-core ${manifest.metadata.dbt_version}, dbt-duckdb`,
  nodes: nodes.toSorted((left, right) => (left.uniqueId < right.uniqueId ? -1 : 1)),
}
process.stdout.write(`${JSON.stringify(golden, undefined, 2)}\n`)
