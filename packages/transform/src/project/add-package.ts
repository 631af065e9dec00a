import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { isMap, isSeq, parseDocument } from 'yaml'
import type { Document, YAMLSeq } from 'yaml'
import { projectInvalid } from './project-fault.ts'

export interface PackageToAdd {
  /** `owner/name` of the registry, an address of git, or a folder, by `source`. */
  readonly name: string
  /** A version, a revision, or several bounds of a version with commas between them. */
  readonly version?: string
  readonly source: 'hub' | 'git' | 'local'
}

/** `dbt_utils@1.0.0`, or the name alone. */
export function packageToAdd(text: string, source: PackageToAdd['source']): PackageToAdd {
  const [name = '', version, ...rest] = text.split('@')
  // More than one sign belongs to an address, as in git@host:owner/name.
  return version === undefined || rest.length > 0 ? { name: text, source } : { name, version, source }
}

/**
 * Writes a package into packages.yml, as dbt does with `deps --add-package`: entries that name it go, and what else the file
 * says stays as it is written.
 *
 * @throws PROJECT_INVALID where packages.yml is no YAML.
 */
export async function addPackage(directory: string, added: PackageToAdd, emit: (line: string) => void): Promise<void> {
  const file = path.join(directory, 'packages.yml')
  const text = await readFile(file, 'utf8').catch(() => undefined)
  const document = parseDocument(text ?? 'packages: []\n', { version: '1.1', prettyErrors: false })
  const [fault] = document.errors
  if (fault !== undefined) throw projectInvalid([{ file: 'packages.yml', message: fault.message }])
  if (text === undefined) emit('Created packages.yml')
  const packages = packagesOf(document)
  packages.items = packages.items.filter((item) => !names(item, added.name))
  packages.add(document.createNode(entryOf(added)))
  await writeFile(file, document.toString())
  emit(`Added new package ${added.name}${added.version === undefined ? '' : `@${added.version}`} to ${file}`)
}

function packagesOf(document: Document): YAMLSeq {
  const packages: unknown = document.get('packages')
  if (isSeq(packages)) {
    packages.flow = false
    return packages
  }
  const created = document.createNode([]) as YAMLSeq
  document.set('packages', created)
  return created
}

function names(item: unknown, name: string): boolean {
  return isMap(item) && item.items.some(({ value }) => String(value).includes(name))
}

function entryOf({ name, version, source }: PackageToAdd): Record<string, unknown> {
  const bounds = version?.includes(',') === true ? version.split(',') : version
  const key = source === 'git' ? 'revision' : 'version'
  return { [source === 'hub' ? 'package' : source]: name, ...(bounds === undefined ? {} : { [key]: bounds }) }
}
