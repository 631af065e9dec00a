import path from 'node:path'

/** The file's path within the folder of its kind: `marts/orders.sql`. */
export function belowRoot(file: string, roots: readonly string[]): string {
  const root = roots.find((candidate) => file.startsWith(`${candidate}/`)) ?? ''
  return file.slice(root.length).replace(/^\//u, '')
}

/** Project, folders below the path of the kind, name. */
export function fqnOf(project: string, below: string, ...names: readonly string[]): string[] {
  const folders = path.posix
    .dirname(below)
    .split('/')
    .filter((part) => part !== '.' && part !== '')
  return [project, ...folders, ...names]
}

/** The file's path without its first folder, whatever that is: so dbt places generic tests. */
export function withoutFirstFolder(file: string): string {
  return file.split('/').slice(1).join('/')
}
