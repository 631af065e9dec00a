import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadProject } from '../load-project.ts'
import type { LoadedProject } from '../load-project.ts'

/* What dbt-core made of fixtures/parse-all; interop/manifest-golden.ts says how the file was written. */
type Entries = Readonly<Record<string, Readonly<Record<string, unknown>>>>
type Section = 'nodes' | 'sources' | 'macros' | 'docs' | 'exposures' | 'groups' | 'unit_tests'
type Golden = Readonly<Record<Section, Entries>> & {
  readonly disabled: Readonly<Record<string, readonly unknown[]>>
  readonly parent_map: Readonly<Record<string, readonly string[]>>
  readonly child_map: Readonly<Record<string, readonly string[]>>
  readonly group_map: Readonly<Record<string, readonly string[]>>
}

const fixtures = path.resolve(import.meta.dirname, '../../fixtures')
const golden = JSON.parse(await readFile(path.join(fixtures, 'parse-all.golden.json'), 'utf8')) as Golden
const log = { debug() {}, info() {}, warn() {}, error() {} }
const sections: readonly Section[] = ['nodes', 'sources', 'macros', 'docs', 'exposures', 'groups', 'unit_tests']
const goldenEntries = sections.flatMap((section) => Object.keys(golden[section]).map((id) => ({ section, id })))

/* dbt brings tags together in a Python set, and reads files in the order of the file system. */
const unordered = new Set(['tags'])
const varying = new Set(['created_at', 'root_path'])
/* Its checksum hashes the repr of a Python date in the rows. */
const unlike = new Set(['unit_test.ledger.totals.totals_add_up.checksum'])

function comparable(value: unknown, id = ''): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, item: unknown) => {
      if (varying.has(key) || unlike.has(`${id}.${key}`)) return undefined
      return unordered.has(key) && Array.isArray(item) ? item.map(String).toSorted() : item
    }),
  ) as unknown
}

describe("a project's manifest compared with dbt-core's", () => {
  let project: LoadedProject
  let manifest: Golden
  beforeAll(async () => {
    const directory = path.join(fixtures, 'parse-all')
    project = await loadProject({ directory, profilesDirectory: directory, environment: {}, log })
    manifest = project.manifest as unknown as Golden
  })

  it.each(sections)('has the same %s', (section) => {
    const own = Object.keys(manifest[section]).filter((id) => !/^(?:macro|doc)\.dbt/u.test(id))
    expect(own.toSorted()).toEqual(Object.keys(golden[section]).toSorted())
  })

  it.each(goldenEntries)('has $id with the same value of every key', ({ section, id }) => {
    expect(comparable(manifest[section][id], id)).toEqual(comparable(golden[section][id], id))
  })

  it.each(Object.keys(golden.nodes))('writes the keys of %s in the same order', (id) => {
    const keysOf = (entry: unknown) => Object.keys(comparable(entry) as object)
    expect(keysOf(manifest.nodes[id])).toEqual(keysOf(golden.nodes[id]))
    expect(keysOf(manifest.nodes[id]?.['config'])).toEqual(keysOf(golden.nodes[id]?.['config']))
  })

  it('keeps the disabled aside', () => {
    expect(comparable(manifest.disabled)).toEqual(comparable(golden.disabled))
  })

  it('maps parents, children and groups alike', () => {
    expect(manifest.parent_map).toEqual(golden.parent_map)
    expect(manifest.child_map).toEqual(golden.child_map)
    const sorted = (map: Golden['group_map']) => Object.entries(map).map(([name, ids]) => [name, ids.toSorted()])
    expect(sorted(manifest.group_map)).toEqual(sorted(golden.group_map))
  })

  it('says of the whole what dbt says', () => {
    expect(project.manifest.metadata).toMatchObject({
      dbt_schema_version: 'https://schemas.getdbt.com/dbt/manifest/v12.json',
      project_name: 'ledger',
      project_id: 'f48139f3d9bfdab0b5374212e06f3994',
      adapter_type: 'duckdb',
      quoting: { database: true, schema: true, identifier: true, column: null },
    })
  })

  it('gives nodes of a package the vars that dbt gives them', () => {
    expect(project.scopeOf('helpers').vars).toMatchObject({ prefix: 'h', dates: [1], first_day: '2024-01-01' })
    expect(project.scopeOf('ledger').vars).toMatchObject({ currency: 'EUR', kept: false })
  })
})
