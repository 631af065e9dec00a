import type { DraftTest } from '../parse/load-tests.ts'
import { fileKinds } from '../parse/package-files.ts'
import type { FileKind, PackageFiles } from '../parse/package-files.ts'
import type { DraftNode } from '../parse/parsed-node.ts'
import type { SavedFiles } from './file-check.ts'

/** The kinds of files that nodes are made of, in the order of parse-nodes.ts. */
export const nodeKinds = fileKinds.filter((kind) => !['properties', 'docs', 'fixtures'].includes(kind))

/** What nodes are made of, as texts: a file, the hooks of a package, … All nodes of one stand together in a manifest. */
export const yamlSnapshots = 'snapshots of properties files'
export const sourceTests = 'tests of sources'

export function fileUnit(kind: FileKind, packageName: string, file: string): string {
  return `${kind}:${packageName}:${file}`
}

export function hooksUnit(packageName: string): string {
  return `hooks:${packageName}`
}

/** In the order in which a parse comes to disabled ones. */
export const entryTypes = ['exposure', 'unit_test', 'metric', 'semantic_model', 'saved_query', 'source'] as const

const kindsOfTypes: Partial<Record<DraftNode['resource_type'], FileKind>> = {
  snapshot: 'snapshots',
  analysis: 'analyses',
  test: 'tests',
  seed: 'seeds',
}

type Unit = Pick<DraftNode, 'package_name' | 'original_file_path'> &
  Pick<DraftTest, 'test_metadata' | 'file_key_name'> & { readonly resource_type: string }

/** What a node is made of. Of entries that are no nodes, all of one type stand together. */
export function unitOf(node: Unit): string {
  const { resource_type: type, package_name: packageName, original_file_path: file } = node
  if (type === 'model') return fileUnit('models', packageName, file)
  if (type === 'operation') return hooksUnit(packageName)
  if ((entryTypes as readonly string[]).includes(type)) return type
  if (type === 'snapshot' && /\.ya?ml$/u.test(file)) return yamlSnapshots
  if (type !== 'test' || node.test_metadata === undefined)
    return fileUnit(kindsOfTypes[type as DraftNode['resource_type']]!, packageName, file)
  return node.file_key_name?.startsWith('sources.') === true ? sourceTests : fileUnit('properties', packageName, file)
}

type PackagePaths = readonly [packageName: string, paths: (kind: FileKind) => readonly string[]]

/** The order in which a parse comes to what it makes nodes of. */
export class UnitOrder {
  readonly units: readonly string[]
  readonly #places: ReadonlyMap<string, number>

  private constructor(packages: readonly PackagePaths[]) {
    const ofPackage = ([name, paths]: PackagePaths) => [
      ...nodeKinds.flatMap((kind) => paths(kind).map((file) => fileUnit(kind, name, file))),
      hooksUnit(name),
    ]
    const properties = ([name, paths]: PackagePaths) =>
      paths('properties').map((file) => fileUnit('properties', name, file))
    this.units = [
      ...packages.flatMap(ofPackage),
      yamlSnapshots,
      ...packages.flatMap(properties),
      sourceTests,
      ...entryTypes,
    ]
    this.#places = new Map(this.units.map((unit, place) => [unit, place]))
  }

  static ofFiles(files: readonly PackageFiles[]): UnitOrder {
    return new UnitOrder(files.map((one) => [one.project.name, (kind) => one[kind].map(({ path }) => path)] as const))
  }

  static ofSaved(files: SavedFiles): UnitOrder {
    return new UnitOrder(files.map(([name, kinds]) => [name, (kind) => kinds[kind].map(([path]) => path)] as const))
  }

  /** -1 for what is not there. */
  place(unit: string): number {
    return this.#places.get(unit) ?? -1
  }
}
