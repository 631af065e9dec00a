import { readFile, readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { EclusaError } from '@eclusa/sdk'
import { isRecord } from '../manifest/node-config.ts'
import { readIgnoreFile } from './ignore-file.ts'
import type { IgnoreRule } from './ignore-file.ts'
import { keepsBraces, projectFileSchema, withPresentSpelling } from './project-file.ts'
import type { ProjectFile } from './project-file.ts'
import { projectInvalid } from './project-fault.ts'
import { keyFaults } from './project-keys.ts'
import { renderYaml } from './render-yaml.ts'
import { versionFault } from './required-version.ts'
import { YamlFile } from './yaml-file.ts'

/** The root project, or a package that it has installed. */
export interface PackageProject {
  readonly name: string
  readonly directory: string
  /** The directory as messages show it: from the root project, with forward slashes. Empty for the root. */
  readonly label: string
  readonly file: ProjectFile
  /** dbt_project.yml as it was written, braces and all. */
  readonly unrendered: Readonly<Record<string, unknown>>
  readonly isRoot: boolean
  /** What .dbtignore leaves out. */
  readonly ignores: IgnoreRule
  /** What is out of date in its dbt_project.yml. */
  readonly notices: readonly string[]
}

export interface ReadPackageOptions {
  /** dbt's smallest context, with those vars only that were given from outside. */
  readonly context: Readonly<Record<string, unknown>>
  /** Whether `require-dbt-version` must hold. Default: false. */
  readonly checksVersion?: boolean
}

/** @throws PROJECT_INVALID when the folder has no dbt_project.yml, or a faulty one. */
export async function readRootProject(directory: string, options: ReadPackageOptions): Promise<PackageProject> {
  return await readPackage(directory, 'dbt_project.yml', { ...options, isRoot: true })
}

/**
 * The packages below `packages-install-path`, as `deps` left them, and those that packages.yml names by a local path
 * and that are not installed: they can be read where they are. By name; the root project is not among them.
 *
 * @throws PROJECT_INVALID when a package that packages.yml asks for is missing, or two have one name.
 */
export async function readInstalledPackages(
  root: PackageProject,
  options: ReadPackageOptions,
): Promise<PackageProject[]> {
  const folder = path.join(root.directory, root.file['packages-install-path'])
  const packages = new Map<string, PackageProject>()
  const add = async (directory: string) => {
    const label = path.posix.join(...path.relative(root.directory, directory).split(path.sep), 'dbt_project.yml')
    const found = await readPackage(directory, label, { ...options, isRoot: false })
    const other = found.name === root.name ? root : packages.get(found.name)
    if (other !== undefined)
      throw projectInvalid([
        { file: label, message: `a project called "${found.name}" is also in ${other.directory}; remove one of them` },
      ])
    packages.set(found.name, found)
  }
  for (const directory of await installedFolders(folder)) await add(directory)
  const wanted = await declaredPackages(root.directory)
  for (const local of wanted.locals.map((place) => path.resolve(root.directory, place))) {
    const known = [...packages.values()].some((one) => path.basename(one.directory) === path.basename(local))
    if (!known && (await hasProject(local))) await addUnlessNamed(local, packages, options, add)
  }
  if (wanted.count > 0 && packages.size < wanted.count) {
    throw projectInvalid([
      {
        file: wanted.file,
        message: `asks for ${wanted.count} packages, and ${packages.size} are installed in ${root.file['packages-install-path']}: run \`eclusa transform deps\``,
      },
    ])
  }
  return [...packages.values()]
}

/** A local package may be installed under the name of its project rather than of its folder. */
async function addUnlessNamed(
  directory: string,
  packages: ReadonlyMap<string, PackageProject>,
  options: ReadPackageOptions,
  add: (directory: string) => Promise<void>,
): Promise<void> {
  const { name } = await readPackage(directory, path.join(directory, 'dbt_project.yml'), { ...options, isRoot: false })
  if (!packages.has(name)) await add(directory)
}

async function readPackage(
  directory: string,
  label: string,
  { context, checksVersion, isRoot }: ReadPackageOptions & { readonly isRoot: boolean },
): Promise<PackageProject> {
  const file = new YamlFile(label, await readProjectText(directory))
  const wrongKeys = keyFaults(file)
  if (wrongKeys.length > 0) throw projectInvalid(wrongKeys)
  const notices = file.duplicates.map(({ line, message }) => `${label}:${line}: ${message}.`)
  const rendered = renderYaml({ file, context, keeps: keepsBraces })
  const content = file.parse(projectFileSchema, withPresentSpelling(rendered, notices))
  const unrendered = isRecord(file.value) ? file.value : {}
  const ignores = await readIgnoreFile(directory)
  const project: PackageProject = {
    name: content.name,
    directory,
    ignores,
    label: path.posix.dirname(label),
    file: content,
    unrendered,
    isRoot,
    notices,
  }
  const fault = checksVersion === true ? versionFault(project) : undefined
  if (fault !== undefined) throw projectInvalid([fault])
  return project
}

async function readProjectText(directory: string): Promise<string> {
  try {
    return await readFile(path.join(directory, 'dbt_project.yml'), 'utf8')
  } catch (error) {
    throw new EclusaError('PROJECT_INVALID', {
      message: `There is no dbt_project.yml in ${directory}.`,
      remedy: 'Name the folder that holds dbt_project.yml.',
      cause: error,
    })
  }
}

/** Folders with a dbt_project.yml. dbt leaves out those whose name begins with two underscores. */
async function installedFolders(folder: string): Promise<string[]> {
  const found: string[] = []
  for (const name of (await namesIn(folder)).toSorted()) {
    const directory = path.join(folder, name)
    if (!name.startsWith('__') && (await hasProject(directory))) found.push(directory)
  }
  return found
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}

async function hasProject(directory: string): Promise<boolean> {
  try {
    return (await stat(path.join(directory, 'dbt_project.yml'))).isFile()
  } catch {
    return false
  }
}

/** What packages.yml, or dependencies.yml, asks for. */
export interface DeclaredPackages {
  readonly file: string
  readonly count: number
  readonly locals: readonly string[]
}

async function declaredPackages(directory: string): Promise<DeclaredPackages> {
  for (const file of ['packages.yml', 'dependencies.yml']) {
    const text = await readFile(path.join(directory, file), 'utf8').catch(() => undefined)
    if (text === undefined) continue
    const { value } = new YamlFile(file, text)
    const list = isRecord(value) && Array.isArray(value['packages']) ? value['packages'].filter(isRecord) : []
    const locals = list.flatMap(({ local }) => (typeof local === 'string' ? [local] : []))
    if (list.length > 0) return { file, count: list.length, locals }
  }
  return { file: 'packages.yml', count: 0, locals: [] }
}
