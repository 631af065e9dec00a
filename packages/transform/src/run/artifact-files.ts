import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { LoadedProject } from '../load-project.ts'
import type { ManifestNode } from '../manifest/node.ts'

/** Path of a node's SQL below the target folder, as dbt lays it out: `compiled/<package>/models/a.sql`. */
export function artifactPath(project: LoadedProject, node: ManifestNode, kind: 'compiled' | 'run'): string {
  return path.join(project.targetPath, kind, node.package_name, ...fileOf(node).split('/'))
}

/** Writes the SQL of a node for people to look at. @returns the path within the project. */
export async function writeArtifact(
  project: LoadedProject,
  node: ManifestNode,
  kind: 'compiled' | 'run',
  sql: string,
): Promise<string> {
  const file = artifactPath(project, node, kind)
  const absolute = path.resolve(project.directory, file)
  await mkdir(path.dirname(absolute), { recursive: true })
  await writeFile(absolute, sql)
  return file
}

/** What a node was compiled to. dbt writes none of snapshots, nor of what is empty. */
export async function writeCompiled(project: LoadedProject, node: ManifestNode, sql: string): Promise<void> {
  if (node.resource_type !== 'snapshot' && sql !== '') await writeArtifact(project, node, 'compiled', sql)
}

/** Where a node's file is not the one that says it, it is below the name of that: generic tests, snapshots of YAML. */
function fileOf({ original_file_path: file, path: own }: ManifestNode): string {
  return path.posix.basename(own) === path.posix.basename(file) ? file : `${file}/${own}`
}
