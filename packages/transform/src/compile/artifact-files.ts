import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { LoadedProject } from '../load-project.ts'
import type { ManifestNode } from '../manifest/node.ts'

/** Path of a node's SQL below the target folder, as dbt lays it out: `compiled/<package>/models/a.sql`. */
export function artifactPath(project: LoadedProject, node: ManifestNode, kind: 'compiled' | 'run'): string {
  return path.join(project.targetPath, kind, node.package_name, ...fileOf(node).split('/'))
}

/**
 * The SQL of nodes, written for people to look at. No statement waits to be sent until a file is written. Files are small
 * and written synchronously: handing each to a thread takes more processor time than writing it.
 */
export class ArtifactFiles {
  readonly #project: LoadedProject
  readonly #folders = new Set<string>()
  readonly #pending = new Map<string, string>()
  #timer: NodeJS.Immediate | undefined
  #failure: unknown

  constructor(project: LoadedProject) {
    this.#project = project
  }

  write(node: ManifestNode, kind: 'compiled' | 'run', sql: string): void {
    const file = path.resolve(this.#project.directory, artifactPath(this.#project, node, kind))
    this.#pending.set(file, sql)
    this.#timer ??= setImmediate(() => this.#flush())
  }

  /** What a node was compiled to. dbt writes none of snapshots, nor of what is empty. */
  writeCompiled(node: ManifestNode, sql: string): void {
    if (node.resource_type !== 'snapshot' && sql !== '') this.write(node, 'compiled', sql)
  }

  /** Writes what is not written yet. @throws the first error of the file system */
  settle(): void {
    this.#flush()
    if (this.#failure !== undefined) throw this.#failure
  }

  #flush(): void {
    clearImmediate(this.#timer)
    this.#timer = undefined
    const pending = [...this.#pending]
    this.#pending.clear()
    try {
      for (const [file, sql] of pending) this.#writeFile(file, sql)
    } catch (error) {
      this.#failure ??= error
    }
  }

  #writeFile(file: string, sql: string): void {
    const folder = path.dirname(file)
    if (!this.#folders.has(folder)) mkdirSync(folder, { recursive: true })
    this.#folders.add(folder)
    writeFileSync(file, sql)
  }
}

/** Where a node's file is not the one that says it, it is below the name of that: generic tests, snapshots of YAML. */
function fileOf({ original_file_path: file, path: own }: ManifestNode): string {
  return path.posix.basename(own) === path.posix.basename(file) ? file : `${file}/${own}`
}
