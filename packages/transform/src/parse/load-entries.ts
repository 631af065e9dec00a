import { createHash } from 'node:crypto'
import { reprOfValue } from '../jinja/python-text.ts'
import { listOf } from '../manifest/node-config.ts'
import type { Exposure, Group, UnitTest, UnitTestFixture } from '../manifest/manifest.ts'
import { settingsOf } from '../project/properties-file.ts'
import type { ExposureProperties, GroupProperties, UnitTestProperties } from '../project/properties-file.ts'
import { belowRoot, fqnOf, withoutFirstFolder } from './file-path.ts'
import { docsFolders } from './documentation.ts'
import { readRelationText } from './literal-value.ts'
import { referenceArguments } from './parse-template.ts'
import type { ParseSession } from './parse-session.ts'
import type { ParsedProperties } from './read-properties.ts'

function placeOf({ project, source }: ParsedProperties) {
  return {
    package_name: project.name,
    path: belowRoot(source.path, docsFolders(project)),
    original_file_path: source.path,
  }
}

export function loadExposures(session: ParseSession, properties: ParsedProperties): Exposure[] {
  return properties.content.exposures.map((exposure, index) => loadExposure(session, properties, exposure, index))
}

function loadExposure(
  session: ParseSession,
  properties: ParsedProperties,
  exposure: ExposureProperties,
  index: number,
): Exposure {
  const place = placeOf(properties)
  const fqn = fqnOf(place.package_name, place.path, exposure.name)
  const request = { kind: 'exposure', packageName: place.package_name, fqn, properties: exposure.config } as const
  const built = session.configs.build(request)
  const tags = [...new Set([...exposure.tags, ...listOf(built.tags)])].toSorted()
  const meta = { ...exposure.meta, ...built.meta }
  const relations = exposure.depends_on.flatMap((text, position) => {
    const found = readRelationText(session.environment, text)
    if (found === undefined) {
      const at = properties.file.place(['exposures', index, 'depends_on', position])
      session.faults.push({ ...at, message: `"${text}" is neither ref(…) nor source(…) nor metric(…)` })
    }
    return found === undefined ? [] : [found]
  })
  return {
    name: exposure.name,
    resource_type: 'exposure',
    ...place,
    unique_id: `exposure.${place.package_name}.${exposure.name}`,
    fqn,
    type: exposure.type,
    owner: { email: null, name: null, ...exposure.owner },
    description: exposure.description,
    label: exposure.label ?? null,
    maturity: exposure.maturity ?? null,
    meta,
    tags,
    config: { ...built, tags, meta },
    unrendered_config: session.configs.unrendered(request),
    url: exposure.url ?? null,
    depends_on: { macros: [], nodes: [] },
    refs: relations.flatMap((one) => ('ref' in one ? [referenceArguments(one.ref)] : [])),
    sources: relations.flatMap((one) =>
      'source' in one ? [[one.source.sourceName, one.source.tableName] as const] : [],
    ),
    metrics: relations.flatMap((one) => ('metric' in one ? [one.metric] : [])),
    created_at: Date.now() / 1000,
  }
}

export function loadGroups(session: ParseSession, properties: ParsedProperties): Group[] {
  return properties.content.groups.map((group: GroupProperties) => {
    const place = placeOf(properties)
    const fqn = fqnOf(place.package_name, place.path, group.name)
    const request = { kind: 'group', packageName: place.package_name, fqn, properties: settingsOf(group) } as const
    return {
      name: group.name,
      resource_type: 'group',
      ...place,
      unique_id: `group.${place.package_name}.${group.name}`,
      owner: { email: null, ...group.owner },
      description: group.description ?? null,
      config: session.configs.build(request),
    }
  })
}

/** Rows of fixtures that stand in files of their own, by name. */
export type FixtureFiles = Pick<ReadonlyMap<string, string>, 'get'>

export function loadUnitTests(session: ParseSession, properties: ParsedProperties, fixtures: FixtureFiles): UnitTest[] {
  return properties.content.unit_tests.map((test, index) => loadUnitTest(session, properties, fixtures, test, index))
}

function loadUnitTest(
  session: ParseSession,
  properties: ParsedProperties,
  fixtures: FixtureFiles,
  test: UnitTestProperties,
  index: number,
): UnitTest {
  const place = placeOf(properties)
  const fqn = fqnOf(place.package_name, withoutFirstFolder(place.original_file_path), test.model, test.name)
  const request = { kind: 'unit_test', packageName: place.package_name, fqn, properties: test.config } as const
  const read = (fixture: UnitTestFixture, keys: readonly PropertyKey[]) => {
    try {
      return fixtureRows(fixture, fixtures)
    } catch (error) {
      const at = properties.file.place(['unit_tests', index, ...keys])
      session.faults.push({
        ...at,
        message: `unit test "${test.name}": ${error instanceof Error ? error.message : ''}`,
      })
      return null
    }
  }
  const fixtureOf = (
    { format, ...rest }: UnitTestProperties['expect'],
    keys: readonly PropertyKey[],
  ): UnitTestFixture => {
    const fixture = rest.fixture ?? null
    return { rows: read({ rows: rest.rows ?? null, format, fixture }, keys), format, fixture }
  }
  const unitTest: UnitTest = {
    model: test.model,
    given: test.given.map((one, position) => ({ input: one.input, ...fixtureOf(one, ['given', position]) })),
    expect: fixtureOf(test.expect, ['expect']),
    name: test.name,
    resource_type: 'unit_test',
    ...place,
    unique_id: `unit_test.${place.package_name}.${test.model}.${test.name}`,
    fqn,
    description: test.description,
    overrides: overridesOf(test.overrides),
    depends_on: { macros: [], nodes: [] },
    config: session.configs.build(request),
    checksum: null,
    schema: null,
    created_at: Date.now() / 1000,
    versions: test.versions ?? null,
    version: null,
  }
  return { ...unitTest, checksum: unitTestChecksum(unitTest) }
}

function overridesOf(given: UnitTestProperties['overrides']): UnitTest['overrides'] {
  if (given === null || given === undefined) return null
  return { macros: given.macros, vars: given.vars, env_vars: given.env_vars }
}

/** Rows as records; for `sql` the text. The first row without a null goes first, as warehouses take types from it. */
function fixtureRows({ rows, format, fixture }: UnitTestFixture, fixtures: FixtureFiles): UnitTestFixture['rows'] {
  const text = fixture === null ? rows : fixtures.get(`${fixture}.${format === 'sql' ? 'sql' : 'csv'}`)
  if (text === undefined)
    throw new Error(`there is no fixture called "${fixture}" in a folder "fixtures" of the test paths`)
  if (format === 'sql') {
    if (typeof text !== 'string') throw new Error('rows of the format sql are a text')
    return text
  }
  if (format === 'csv' && typeof text !== 'string') throw new Error('rows of the format csv are a text')
  if (format === 'dict' && text === null) return null
  if (format === 'dict' && !Array.isArray(text)) throw new Error('rows of the format dict are a list')
  const records = typeof text === 'string' ? csvRecords(text) : [...text!]
  const whole = records.findIndex((record) => Object.values(record).every((value) => value !== null))
  const first = records[0]
  if (whole > 0 && first !== undefined) [records[0], records[whole]] = [records[whole]!, first]
  return records
}

/** Rows of a CSV text; an empty value is null. */
function csvRecords(text: string): Record<string, unknown>[] {
  const [header = [], ...rows] = csvRows(text.trim())
  return rows.map((row) =>
    Object.fromEntries(
      header.map((name, index) => [name, row[index] === undefined || row[index] === '' ? null : row[index]]),
    ),
  )
}

function csvRows(text: string): string[][] {
  const rows: string[][] = [[]]
  for (const [, quoted, plain, separator] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/gu)) {
    const row = rows.at(-1)!
    row.push(quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'))
    if (separator === '') break
    if (separator !== ',') rows.push([])
  }
  return rows
}

/** dbt hashes what Python prints of the test's parts, all but the description. */
function unitTestChecksum({ model, versions, given, expect, overrides }: UnitTest): string {
  const parts = [
    model,
    versions === null ? 'None' : reprOfValue(versions),
    `[${given.map((one) => `UnitTestInputFixture(input=${reprOfValue(one.input)}, ${fixtureText(one)})`).join(', ')}]`,
    `UnitTestOutputFixture(${fixtureText(expect)})`,
    overrides === null
      ? 'None'
      : `UnitTestOverrides(macros=${reprOfValue(overrides.macros)}, vars=${reprOfValue(overrides.vars)}, env_vars=${reprOfValue(overrides.env_vars)})`,
  ]
  const files = given.filter(({ fixture }) => fixture !== null).map(({ rows }) => `-${rowsText(rows)}`)
  return createHash('sha256')
    .update(parts.join('-') + files.join(''))
    .digest('hex')
}

const formatNames = { dict: 'Dict', csv: 'CSV', sql: 'SQL' } as const

function fixtureText({ rows, format, fixture }: UnitTestFixture): string {
  return `rows=${reprOfValue(rows)}, format=<UnitTestFormat.${formatNames[format]}: '${format}'>, fixture=${reprOfValue(fixture)}`
}

function rowsText(rows: UnitTestFixture['rows']): string {
  return typeof rows === 'string' ? rows : reprOfValue(rows)
}
