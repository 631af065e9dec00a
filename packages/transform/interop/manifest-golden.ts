/*
 * Takes out of a manifest.json that dbt-core wrote what differs from run to run and from machine to machine, and its
 * own macros; the rest is what our loader has to come to.
 *
 *   cp -r fixtures/parse-all "$(mktemp -d)" && cd … && dbt parse --profiles-dir .     (dbt-core 1.10 with dbt-duckdb)
 *   node interop/manifest-golden.ts target/manifest.json > fixtures/parse-all.golden.json
 */
import { readFile } from 'node:fs/promises'

const varying = new Set(['created_at', 'root_path'])

const manifest = JSON.parse(
  await readFile(process.argv[2] ?? 'target/manifest.json', 'utf8'),
  (key: string, value: unknown) => (varying.has(key) ? undefined : value),
) as Record<string, Record<string, unknown>>
const { metadata, macros, docs, ...rest } = manifest
const golden = {
  madeWith: `dbt-core ${String(metadata?.['dbt_version'])}, dbt-duckdb`,
  ...rest,
  macros: withoutOwn(macros ?? {}, 'macro.dbt'),
  docs: withoutOwn(docs ?? {}, 'doc.dbt.'),
}
process.stdout.write(`${JSON.stringify(golden, undefined, 1)}\n`)

function withoutOwn(entries: Record<string, unknown>, prefix: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(entries).filter(([id]) => !id.startsWith(prefix)))
}
