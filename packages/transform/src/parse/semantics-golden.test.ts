import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { loadProject } from '../load-project.ts'
import type { Manifest } from '../manifest/manifest.ts'

/* What dbt-core made of fixtures/semantics; interop/manifest-golden.ts says how the file was written. */
const fixtures = path.resolve(import.meta.dirname, '../../fixtures')
const golden = JSON.parse(await readFile(path.join(fixtures, 'semantics.golden.json'), 'utf8')) as Manifest
const log = { debug() {}, info() {}, warn() {}, error() {} }
const varying = new Set(['created_at', 'root_path'])

async function load(directory: string): Promise<Manifest> {
  const { manifest } = await loadProject({ directory, profilesDirectory: directory, environment: {}, log })
  return JSON.parse(
    JSON.stringify(manifest, (key, value: unknown) => (varying.has(key) ? undefined : value)),
  ) as Manifest
}

it('resolves metrics, semantic models and saved queries as dbt does, with all their keys', async () => {
  const manifest = await load(path.join(fixtures, 'semantics'))
  const { madeWith: _madeWith, macros: _macros, docs: _docs, ...sections } = golden as Manifest & { madeWith: string }
  const own = Object.fromEntries(Object.keys(sections).map((name) => [name, manifest[name as keyof Manifest]]))
  expect(own).toEqual(sections)
})

const simple = (name: string, measure: string) =>
  `  - {name: ${name}, label: x, type: simple, type_params: {measure: ${measure}}}\n`
const derived = (name: string, of: string) =>
  `  - {name: ${name}, label: x, type: derived, type_params: {expr: ${of}, metrics: [${of}]}}\n`

it.each([
  [
    simple('revenue', 'totl'),
    'models/m.yml:4:68: metric "revenue": no semantic model has a measure "totl"; the closest is "total"',
  ],
  [
    derived('twice', 'revenu') + simple('revenue', 'total'),
    'metric "twice": there is no enabled metric "revenu"; the closest is "revenue"',
  ],
  [derived('a', 'b') + derived('b', 'a'), 'metrics are made of each other in a circle: a -> b -> a'],
])('names what a metric lacks: %#', async (metrics, message) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'semantics '))
  await mkdir(path.join(directory, 'models'))
  const files = {
    'dbt_project.yml': 'name: trial\nprofile: trial\n',
    'profiles.yml': 'trial: {target: dev, outputs: {dev: {type: duckdb, schema: dev}}}\n',
    'models/a.sql': 'select 1 as amount',
    'models/m.yml': `semantic_models:\n  - {name: a, model: ref('a'), measures: [{name: total, agg: sum, expr: amount}]}\nmetrics:\n${metrics}`,
  }
  for (const [file, text] of Object.entries(files)) await writeFile(path.join(directory, file), text)
  await expect(load(directory)).rejects.toThrow(message)
  await rm(directory, { recursive: true })
})
