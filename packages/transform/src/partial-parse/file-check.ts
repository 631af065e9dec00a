import { fileKinds } from '../parse/package-files.ts'
import type { FileKind, PackageFiles } from '../parse/package-files.ts'
import { seedBytesMax } from '../parse/node-builder.ts'
import type { FileFacts, ProjectFile } from '../project/project-files.ts'
import { hashOfText } from './fingerprint.ts'

/** A file as it was when it was parsed: its path, the hash of its text, and what the file system said of it. */
type SavedFile = readonly [path: string, hash: string, ...facts: readonly number[]]

/** By package and kind, the files of an earlier parse, in their order. */
export type SavedFiles = readonly (readonly [
  packageName: string,
  files: Readonly<Record<FileKind, readonly SavedFile[]>>,
])[]

export interface FileChange {
  readonly packageName: string
  readonly kind: FileKind
  readonly file: ProjectFile
}

export interface FileDeletion {
  readonly packageName: string
  readonly kind: FileKind
  readonly path: string
}

export interface FileChanges {
  readonly added: readonly FileChange[]
  readonly deleted: readonly FileDeletion[]
  readonly changed: readonly FileChange[]
  /** Files that had to be read though they are the same. */
  readonly readInVain: number
}

/**
 * File systems note times in steps, the coarsest of two seconds: what was written within the step in which it was read
 * can be written again without another time. Git has the same rule.
 */
const timeStepMs = 2000

/**
 * What differs from an earlier parse. A file counts as the same without being read when size, both times and inode are
 * those of then; where one of them differs its text decides.
 */
export function changesSince(saved: SavedFiles, files: readonly PackageFiles[]): FileChanges {
  const former = byKind(saved)
  const changed: FileChange[] = []
  const added: FileChange[] = []
  const deleted: FileDeletion[] = []
  let readInVain = 0
  for (const one of files) {
    for (const kind of fileKinds) {
      const packageName = one.project.name
      const before = former.get(`${packageName}:${kind}`) ?? []
      const known = isSameList(before, one[kind]) ? undefined : new Map(before.map((file) => [file[0], file]))
      const found = new Set<SavedFile>()
      for (const [index, file] of one[kind].entries()) {
        const was = known === undefined ? before[index] : known.get(file.path)
        if (was === undefined) {
          added.push({ packageName, kind, file })
          continue
        }
        if (known !== undefined) found.add(was)
        if (hasSameFacts(was, file.facts)) continue
        if (hashOfFile(file, kind) === was[1]) readInVain += 1
        else changed.push({ packageName, kind, file })
      }
      if (known === undefined) continue
      for (const was of before) if (!found.has(was)) deleted.push({ packageName, kind, path: was[0] })
    }
  }
  return { added, deleted, changed, readInVain }
}

export interface SavedFilesOptions {
  /** When the first file was looked at; what is hardly older may change without showing it. */
  readonly readSinceMs: number
  /** What was saved before: files that are the same need not be read. */
  readonly former?: SavedFiles
}

export function savedFiles(files: readonly PackageFiles[], options: SavedFilesOptions): SavedFiles {
  const former = byKind(options.former ?? [])
  return files.map((one) => {
    const kinds = fileKinds.map((kind) => {
      const before = former.get(`${one.project.name}:${kind}`) ?? []
      const known = isSameList(before, one[kind]) ? undefined : new Map(before.map((file) => [file[0], file]))
      const was = (file: ProjectFile, index: number) => (known === undefined ? before[index] : known.get(file.path))
      return [
        kind,
        one[kind].map((file, index) => savedFile(file, kind, was(file, index), options.readSinceMs)),
      ] as const
    })
    return [one.project.name, Object.fromEntries(kinds) as Record<FileKind, SavedFile[]>]
  })
}

function savedFile(file: ProjectFile, kind: FileKind, was: SavedFile | undefined, readSinceMs: number): SavedFile {
  const { facts } = file
  if (was !== undefined && hasSameFacts(was, facts)) return was
  const isSettled = Math.max(facts.modifiedAtMs, facts.changedAtMs) < readSinceMs - timeStepMs
  return [file.path, hashOfFile(file, kind), ...(isSettled ? listOf(facts) : [])]
}

function byKind(saved: SavedFiles): Map<string, readonly SavedFile[]> {
  return new Map(
    saved.flatMap(([packageName, kinds]) => fileKinds.map((kind) => [`${packageName}:${kind}`, kinds[kind]] as const)),
  )
}

/** The text of a large seed is never looked at, so that it cannot make a difference. */
function hashOfFile(file: ProjectFile, kind: FileKind): string {
  return kind === 'seeds' && file.facts.bytes > seedBytesMax ? 'large' : hashOfText(file.text)
}

function hasSameFacts([, , ...was]: SavedFile, facts: FileFacts): boolean {
  const [bytes, modifiedAtMs, changedAtMs, inode] = was
  return (
    bytes === facts.bytes &&
    modifiedAtMs === facts.modifiedAtMs &&
    changedAtMs === facts.changedAtMs &&
    inode === facts.inode
  )
}

function listOf({ bytes, modifiedAtMs, changedAtMs, inode }: FileFacts): number[] {
  return [bytes, modifiedAtMs, changedAtMs, inode]
}

function isSameList(saved: readonly SavedFile[], files: readonly ProjectFile[]): boolean {
  return saved.length === files.length && files.every(({ path }, index) => path === saved[index]![0])
}
