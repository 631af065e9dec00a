import { readFileSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import type { IgnoreRule } from './ignore-file.ts'

/** A file of the project: path within it, with forward slashes, and text. */
export interface ProjectSource {
  readonly path: string
  readonly text: string
}

/** What the file system says of a file without reading it; another fact tells that the file may have changed. */
export interface FileFacts {
  readonly bytes: number
  readonly modifiedAtMs: number
  /** When anything of the file was changed, its time of modification included. */
  readonly changedAtMs: number
  readonly inode: number
}

/** A file that is there, and is read when somebody looks at its text. */
export class ProjectFile implements ProjectSource {
  readonly path: string
  readonly #directory: string
  #facts: FileFacts | undefined
  #text: string | undefined

  constructor(directory: string, file: string) {
    this.#directory = directory
    this.path = file
  }

  get absolutePath(): string {
    return `${this.#directory}/${this.path}`
  }

  /** As they were before the text was read: a change in between shows as another fact. */
  get facts(): FileFacts {
    this.#facts ??= factsOf(this.absolutePath)
    return this.#facts
  }

  get text(): string {
    this.#facts ??= factsOf(this.absolutePath)
    this.#text ??= readFileSync(this.absolutePath, 'utf8')
    return this.#text
  }
}

/**
 * Lists the files of a project, each folder once, however many kinds of files may stand in it. All of this is
 * synchronous: for thousands of small files that takes a tenth of the time, and parsing them blocks far longer.
 */
export class ProjectFolder {
  readonly #directory: string
  readonly #ignores: IgnoreRule
  readonly #below = new Map<string, readonly string[]>()
  readonly #files = new Map<string, ProjectFile>()

  constructor(directory: string, ignores: IgnoreRule = () => false) {
    this.#directory = directory
    this.#ignores = ignores
  }

  /** All files with one of the endings below the folders, in a stable order. A folder that is missing is empty. */
  files(folders: readonly string[], endings: readonly string[]): ProjectFile[] {
    const paths = new Set<string>()
    for (const folder of folders)
      for (const file of this.#filesBelow(path.posix.normalize(folder).replace(/\/$/u, '')))
        if (endings.includes(path.posix.extname(file))) paths.add(file)
    return [...paths].toSorted().map((file) => this.#fileAt(file))
  }

  #fileAt(file: string): ProjectFile {
    const known = this.#files.get(file)
    if (known !== undefined) return known
    const made = new ProjectFile(this.#directory, file)
    this.#files.set(file, made)
    return made
  }

  #filesBelow(folder: string): readonly string[] {
    const known = this.#below.get(folder)
    if (known !== undefined) return known
    const found: string[] = []
    this.#list(folder, found)
    const kept = found.filter((file) => !this.#ignores(file))
    this.#below.set(folder, kept)
    return kept
  }

  #list(folder: string, found: string[]): void {
    for (const entry of entriesOf(path.join(this.#directory, folder))) {
      const file = folder === '.' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory()) this.#list(file, found)
      else if (entry.isFile()) found.push(file)
    }
  }
}

function factsOf(file: string): FileFacts {
  const { size, mtimeMs, ctimeMs, ino } = statSync(file)
  return { bytes: size, modifiedAtMs: mtimeMs, changedAtMs: ctimeMs, inode: ino }
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}
