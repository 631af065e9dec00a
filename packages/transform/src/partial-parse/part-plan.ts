import path from 'node:path'
import type { FileKind, PackageFiles } from '../parse/package-files.ts'
import type { ParsedProperties } from '../parse/read-properties.ts'
import type { FileChange, FileChanges } from './file-check.ts'
import { FullParseNeeded } from './part-parser.ts'
import { nodeKinds, propertiesFacts } from './saved-index.ts'
import type { SavedParse } from './saved-parse.ts'

export interface PartPlan {
  /** All files to parse: those that changed, and those of nodes that changed properties describe, or did before. */
  readonly files: readonly FileChange[]
  /** The same by package, without properties. */
  readonly packages: readonly PackageFiles[]
}

export interface PlanOptions {
  readonly saved: SavedParse
  readonly files: readonly PackageFiles[]
  readonly changes: FileChanges
  /** The properties files that changed. */
  readonly properties: readonly ParsedProperties[]
}

/** Above this share of a project's files little is won. */
const shareMax = 0.5

/** @throws FullParseNeeded when a change can reach further than to the nodes of the changed files. */
export function planPart({ saved, files, changes, properties }: PlanOptions): PartPlan {
  const { added, deleted, changed } = changes
  if (added + deleted > 0) throw new FullParseNeeded('files were added or deleted')
  const far = changed.find(({ kind }) => kind === 'docs' || kind === 'fixtures')
  if (far !== undefined) throw new FullParseNeeded(`what ${far.file.path} says can stand anywhere`)
  const chosen = new Map<string, FileChange>()
  const choose = (one: FileChange) => chosen.set(`${one.kind}:${one.packageName}:${one.file.path}`, one)
  for (const one of changed) choose(one)
  if (properties.length > 0) {
    const filesOf = describedFiles(saved, files)
    for (const one of properties) {
      const key = `${one.project.name}:${one.source.path}`
      const [before, after] = [saved.properties[key], propertiesFacts(one)]
      if (before?.others !== after.others) throw new FullParseNeeded(`${key} says more than what nodes are`)
      // Such a snapshot has no file of its own that could be parsed again.
      if (one.content.snapshots.some(({ relation }) => relation !== undefined))
        throw new FullParseNeeded(`${key} holds snapshots`)
      for (const name of new Set([...before.described, ...after.described]))
        for (const file of filesOf.get(name) ?? []) choose(file)
    }
  }
  const all = [...chosen.values()]
  const disabled = new Set(saved.faces.disabled)
  const off = all.find(({ packageName, file }) => disabled.has(`${packageName}:${file.path}`))
  if (off !== undefined) throw new FullParseNeeded(`${off.file.path} has something that is switched off`)
  const count = files.flatMap((one) => nodeKinds.map((kind) => one[kind].length)).reduce((sum, more) => sum + more, 0)
  if (count > 20 && all.length > count * shareMax) throw new FullParseNeeded('most files are concerned')
  return { files: all, packages: files.map((one) => chosenOf(one, chosen)) }
}

function chosenOf(files: PackageFiles, chosen: ReadonlyMap<string, FileChange>): PackageFiles {
  const { name } = files.project
  const kinds = nodeKinds.map((kind) => [
    kind,
    files[kind].filter((file) => chosen.has(`${kind}:${name}:${file.path}`)),
  ])
  return { ...files, ...Object.fromEntries(kinds), projectText: undefined } as PackageFiles
}

const types: Partial<Record<FileKind, string>> = { models: 'model', seeds: 'seed', analyses: 'analysis', tests: 'test' }

/** Files by what properties call their nodes: `model.orders`. */
function describedFiles({ faces }: SavedParse, files: readonly PackageFiles[]): Map<string, FileChange[]> {
  const found = new Map<string, FileChange[]>()
  const add = (name: string, change: FileChange) => found.set(name, [...(found.get(name) ?? []), change])
  for (const one of files) {
    const packageName = one.project.name
    for (const kind of nodeKinds) {
      const type = types[kind]
      if (type !== undefined)
        for (const file of one[kind]) add(`${type}.${path.posix.parse(file.path).name}`, { packageName, kind, file })
    }
    const snapshots = new Map(one.snapshots.map((file) => [file.path, file]))
    for (const face of faces.nodes) {
      const file = snapshots.get(face.original_file_path)
      if (face.resource_type === 'snapshot' && face.package_name === packageName && file !== undefined)
        add(`snapshot.${face.name}`, { packageName, kind: 'snapshots', file })
    }
  }
  return found
}
