import { Buffer } from 'node:buffer'
import { parseKept } from '../artifact/manifest-text.ts'
import type { Documentation } from '../manifest/manifest.ts'
import { DocumentationSet } from '../parse/documentation.ts'
import type { PackageFiles } from '../parse/package-files.ts'
import type { ParseSession } from '../parse/parse-session.ts'
import type { FileChanges } from './file-check.ts'
import type { SavedParse } from './saved-parse.ts'

/** The docs blocks of a project after some of their files have changed. */
export interface DocsEdit {
  /** In the order of the manifest. */
  readonly blocks: readonly Documentation[]
  /** Names that mean something else than before. */
  readonly changed: ReadonlySet<string>
}

export function savedDocs({ text }: SavedParse): Documentation[] {
  const docs = parseKept(Buffer.from(text.others.docs).toString('utf8'))
  return Object.values(docs as Record<string, Documentation>)
}

export interface DocsEditFacts {
  readonly saved: SavedParse
  readonly files: readonly PackageFiles[]
  readonly changes: FileChanges
  readonly session: ParseSession
}

/** Faults are collected by the session. */
export function editDocs({ saved, files, changes, session }: DocsEditFacts): DocsEdit {
  const former = new Map(savedDocs(saved).map((block) => [block.unique_id, block]))
  const byFile = Map.groupBy(former.values(), fileOf)
  const isDocs = ({ kind }: { readonly kind: string }) => kind === 'docs'
  const present = [...changes.added, ...changes.changed].filter(isDocs)
  const changedFiles = new Set(present.map(({ packageName, file }) => `${packageName}:${file.path}`))
  const docs = new DocumentationSet(session)
  for (const { project, docs: sources } of files) {
    for (const source of sources) {
      const key = `${project.name}:${source.path}`
      if (changedFiles.has(key)) session.attempt(() => docs.addFile(project, source))
      else for (const block of byFile.get(key) ?? []) docs.add(block, session.label(project, source.path))
    }
  }
  const ids = new Set([...former.keys(), ...docs.entries.keys()])
  const isSame = (id: string) => JSON.stringify(former.get(id)) === JSON.stringify(docs.entries.get(id))
  const changed = [...ids].filter((id) => !isSame(id)).map((id) => (former.get(id) ?? docs.entries.get(id)!).name)
  return { blocks: [...docs.entries.values()], changed: new Set(changed) }
}

function fileOf({ package_name: packageName, original_file_path: file }: Documentation): string {
  return `${packageName}:${file}`
}
