import { existsSync, readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'

type Json = Record<string, unknown>

function readJson(file: string): Json {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Json) : {}
}

/** What cannot be equal: times, folders, and what one run has compiled (that is compared as files). */
const ignoredKeys = new Set([
  'created_at',
  'build_path',
  'compiled_path',
  'root_path',
  'compiled',
  'compiled_code',
  'extra_ctes',
  'extra_ctes_injected',
])
const sections = ['nodes', 'sources', 'exposures', 'metrics', 'groups', 'unit_tests', 'docs', 'selectors'] as const

/** Macros of the library itself differ; the project's and its packages' are compared by what they are. */
const isOfLibrary = (id: string) => /^(?:macro|doc)\.dbt(?:_duckdb|_postgres)?\./u.test(id)

export function compareManifests(theirs: string, ours: string): string[] {
  const [expected, actual] = [readJson(path.join(theirs, 'manifest.json')), readJson(path.join(ours, 'manifest.json'))]
  const differences = sections.flatMap((section) => compareEntries(section, expected[section], actual[section]))
  return [...differences, ...compareEntries('macros', expected['macros'], actual['macros'], (id) => !isOfLibrary(id))]
}

function compareEntries(
  section: string,
  left: unknown,
  right: unknown,
  keeps = (id: string) => !isOfLibrary(id),
): string[] {
  const [expected, actual] = [(left ?? {}) as Json, (right ?? {}) as Json]
  const ids = [...new Set([...Object.keys(expected), ...Object.keys(actual)])].filter(keeps)
  return ids.flatMap((id) => {
    if (!(id in actual)) return [`${section} ${id}: missing`]
    if (!(id in expected)) return [`${section} ${id}: dbt has none`]
    return compareKeys(id, expected[id], actual[id])
  })
}

function compareKeys(id: string, left: unknown, right: unknown): string[] {
  if (typeof left !== 'object' || left === null || typeof right !== 'object' || right === null) {
    return isDeepStrictEqual(left, right) ? [] : [`${id}: expected ${text(left)}, got ${text(right)}`]
  }
  const [expected, actual] = [normal(left as Json), normal(right as Json)]
  const keys = [...new Set([...Object.keys(expected), ...Object.keys(actual)])].filter((key) => !ignoredKeys.has(key))
  return keys
    .filter((key) => !isDeepStrictEqual(expected[key], actual[key]))
    .map((key) => `${id} ${key}: expected ${text(expected[key])}, got ${text(actual[key])}`)
}

/** The order of dependencies has no meaning. */
function normal(entry: Json): Json {
  const dependsOn = entry['depends_on'] as Json | undefined
  if (dependsOn === undefined) return entry
  const sorted = Object.fromEntries(
    Object.entries(dependsOn).map(([key, ids]) => [key, Array.isArray(ids) ? ids.map(String).toSorted() : ids]),
  )
  return { ...entry, depends_on: sorted }
}

function text(value: unknown): string {
  const json = JSON.stringify(value) ?? 'nothing'
  return json.length > 220 ? `${json.slice(0, 220)}…` : json
}

function compiledFiles(target: string): Map<string, string> {
  const folder = path.join(target, 'compiled')
  if (!existsSync(folder)) return new Map()
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.sql'))
  return new Map(names.map((name) => [name, readFileSync(path.join(folder, name), 'utf8')]))
}

export function compareCompiled(theirs: string, ours: string): string[] {
  const [expected, actual] = [compiledFiles(theirs), compiledFiles(ours)]
  const names = [...new Set([...expected.keys(), ...actual.keys()])].toSorted()
  return names.flatMap((name) => {
    const [left, right] = [expected.get(name), actual.get(name)]
    if (left === right) return []
    if (right === undefined) return [`${name}: not compiled`]
    if (left === undefined) return [`${name}: dbt compiled none`]
    return [`${name}: ${firstDifference(left, right)}`]
  })
}

function firstDifference(left: string, right: string): string {
  let index = 0
  while (index < left.length && left[index] === right[index]) index += 1
  const around = (value: string) => JSON.stringify(value.slice(Math.max(0, index - 30), index + 60))
  return `at ${index} expected ${around(left)}, got ${around(right)}`
}

export function compareResults(theirs: string, ours: string): string[] {
  const file = 'run_results.json'
  const [expected, actual] = [resultsOf(path.join(theirs, file)), resultsOf(path.join(ours, file))]
  const ids = [...new Set([...expected.keys(), ...actual.keys()])].toSorted()
  return ids.flatMap((id) => {
    const [left, right] = [expected.get(id), actual.get(id)]
    if (left === undefined || right === undefined) return [`${id}: ${left === undefined ? 'dbt has none' : 'missing'}`]
    const differing = (['status', 'failures'] as const).filter((key) => left[key] !== right[key])
    return differing.map((key) => {
      const message = key === 'status' ? ` (${text(right['message'])}, dbt ${text(left['message'])})` : ''
      return `${id} ${key}: expected ${text(left[key])}, got ${text(right[key])}${message}`
    })
  })
}

function resultsOf(file: string): Map<string, Json> {
  const results = (readJson(file)['results'] ?? []) as Json[]
  return new Map(results.map((result) => [String(result['unique_id']), result]))
}
