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

/** Where several nodes come from one file, each has one of its own, below the name of the file that declares it. */
function fileOf(node: ManifestNode): string {
  const { original_file_path: file } = node
  const isGenericTest = node.resource_type === 'test' && node.test_metadata !== undefined
  if (isGenericTest || node.resource_type === 'snapshot') return `${file}/${path.posix.basename(node.path)}`
  return file
}
