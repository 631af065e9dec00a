import type { Exposure, Group, UnitTest, UnrunEntry } from '../manifest/manifest.ts'
import type { DisabledEntries } from './disabled-entries.ts'
import type { DocumentationSet } from './documentation.ts'
import type { NodeLinker, TestedModel } from './link-nodes.ts'
import { SemanticLinker } from './link-semantics.ts'
import type { LinkedNode } from './link-semantics.ts'
import { loadExposures, loadGroups, loadUnitTests } from './load-entries.ts'
import type { FixtureFiles } from './load-entries.ts'
import { loadSemantics } from './load-semantics.ts'
import type { ParseSession } from './parse-session.ts'
import type { ParsedProperties } from './read-properties.ts'

/** What properties files declare that is neither a node nor a source, by unique id. */
export interface ParsedEntries {
  readonly exposures: ReadonlyMap<string, Exposure>
  readonly groups: ReadonlyMap<string, Group>
  readonly unitTests: ReadonlyMap<string, UnitTest>
  readonly metrics: ReadonlyMap<string, UnrunEntry>
  readonly semanticModels: ReadonlyMap<string, UnrunEntry>
  readonly savedQueries: ReadonlyMap<string, UnrunEntry>
}

export interface ParseEntriesOptions {
  readonly properties: readonly ParsedProperties[]
  readonly fixtures: FixtureFiles
  readonly linker: NodeLinker
  readonly docs: DocumentationSet
  readonly disabled: DisabledEntries
  /** The enabled ones. */
  readonly models: readonly TestedModel[]
  /** An enabled node. */
  readonly nodeOf: (id: string) => LinkedNode
}

type ConfiguredEntry = UnrunEntry & { readonly config: { readonly enabled?: unknown } }

export function parseEntries(session: ParseSession, options: ParseEntriesOptions): ParsedEntries {
  const { properties, fixtures, linker, docs, disabled, models } = options
  const exposures = disabled.without(properties.flatMap((one) => loadExposures(session, one)))
  const unitTests = disabled
    .without(properties.flatMap((one) => loadUnitTests(session, one, fixtures)))
    .flatMap((test) => linker.linkUnitTest(test, models))
  for (const test of unitTests) checkSeedInputs(session, linker, test)
  refuseDoubles(session, unitTests)
  const semantics = semanticLinker(session, options)
  const { metrics, semanticModels, savedQueries } = semantics.link()
  return {
    exposures: byId(exposures.map((one) => docs.describeExposure(semantics.linkExposure(linker.linkExposure(one))))),
    groups: byId(properties.flatMap((one) => loadGroups(session, one))),
    unitTests: byId(unitTests),
    metrics: byId(metrics),
    semanticModels: byId(semanticModels),
    savedQueries: byId(savedQueries),
  }
}

function refuseDoubles(session: ParseSession, tests: readonly UnitTest[]): void {
  const known = new Map<string, UnitTest>()
  for (const test of tests) {
    const other = known.get(test.unique_id)
    known.set(test.unique_id, test)
    if (other === undefined) continue
    const message = `dbt found two unit_tests with the name "${test.name}" for "${test.model}", the other in ${other.original_file_path}: rename one of them`
    session.faults.push({ file: test.original_file_path, message })
  }
}

/** An input without rows stands for a seed's own, which are read while parsing in dbt. */
function checkSeedInputs(session: ParseSession, linker: NodeLinker, test: UnitTest): void {
  for (const { input, rows, fixture, format } of test.given) {
    const name = /\bref\(\s*['"]([^'"]+)['"]\s*\)/u.exec(input)?.[1]
    if (name === undefined || rows !== null || fixture !== null || format !== 'dict') continue
    const found = linker.findNode({ name, package: null, version: null }, test.package_name)
    if ('id' in found && found.id.startsWith('seed.')) continue
    const message = `Unable to find seed '${test.package_name}.${name}' for unit tests: the unit test "${test.name}" gives no rows for ${input}, so that it must be a seed`
    session.faults.push({ file: test.original_file_path, message })
  }
}

function semanticLinker(
  session: ParseSession,
  { properties, docs, disabled, linker, nodeOf }: ParseEntriesOptions,
): SemanticLinker {
  const all = loadSemantics(session, properties, docs)
  const enabledOf = (entries: readonly UnrunEntry[]) => disabled.without(entries as readonly ConfiguredEntry[])
  const enabled = {
    metrics: enabledOf(all.metrics),
    semanticModels: enabledOf(all.semanticModels),
    savedQueries: enabledOf(all.savedQueries),
  }
  return new SemanticLinker(session, enabled, (reference, packageName) => {
    const found = linker.findNode(reference, packageName)
    return 'missing' in found ? found : nodeOf(found.id)
  })
}

export function byId<Entry extends { readonly unique_id: string }>(entries: readonly Entry[]): Map<string, Entry> {
  return new Map(entries.map((entry) => [entry.unique_id, entry]))
}
