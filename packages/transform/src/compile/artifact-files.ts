import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { LoadedProject } from '../load-project.ts'
import type { ManifestNode } from '../manifest/node.ts'

/** Path of a node's SQL below the target folder, as dbt lays it out: `compiled/<package>/models/a.sql`. */
export function artifactPath(project: LoadedProject, node: ManifestNode, kind: 'compiled' | 'run'): string {
  return path.join(project.targetPath, kind, node.package_name, ...fileOf(node).split('/'))
}

/**
 * The SQL of nodes, written for people to look at. Nobody waits for a file: on a busy disk it takes as long as a small model,
 * twice for each. What is written to one file is written in turn.
 */
export class ArtifactFiles {
  readonly #project: LoadedProject
  readonly #folders = new Map<string, Promise<unknown>>()
  readonly #writes = new Map<string, Promise<void>>()
  #failure: unknown

  constructor(project: LoadedProject) {
    this.#project = project
  }

  write(node: ManifestNode, kind: 'compiled' | 'run', sql: string): void {
    const file = path.resolve(this.#project.directory, artifactPath(this.#project, node, kind))
    const written = this.#writeAfter(this.#writes.get(file), file, sql).finally(() => {
      if (this.#writes.get(file) === written) this.#writes.delete(file)
    })
    this.#writes.set(file, written)
  }

  async #writeAfter(earlier: Promise<void> | undefined, file: string, sql: string): Promise<void> {
    await earlier
    try {
      await this.#folder(path.dirname(file))
      await writeFile(file, sql)
    } catch (error) {
      this.#failure ??= error
    }
  }

  /** What a node was compiled to. dbt writes none of snapshots, nor of what is empty. */
  writeCompiled(node: ManifestNode, sql: string): void {
    if (node.resource_type !== 'snapshot' && sql !== '') this.write(node, 'compiled', sql)
  }

  /** Waits until all is written. @throws the first error of the file system */
  async settle(): Promise<void> {
    while (this.#writes.size > 0) await Promise.all(this.#writes.values())
    if (this.#failure !== undefined) throw this.#failure
  }

  #folder(name: string): Promise<unknown> {
    let made = this.#folders.get(name)
    if (made === undefined) {
      made = mkdir(name, { recursive: true })
      this.#folders.set(name, made)
    }
    return made
  }
}

/** Where a node's file is not the one that says it, it is below the name of that: generic tests, snapshots of YAML. */
function fileOf({ original_file_path: file, path: own }: ManifestNode): string {
  return path.posix.basename(own) === path.posix.basename(file) ? file : `${file}/${own}`
}
