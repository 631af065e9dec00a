import { hash } from 'node:crypto'
import { readFileSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import type { Target } from '../context/scope.ts'
import type { MacroFile } from '../context/macro-library.ts'
import { macroFolder } from '../macro-folder.ts'
import type { PackageProject } from '../project/package-project.ts'
import type { EnvironmentWatch } from './environment-watch.ts'

/** What every file's parse depends on beside the file. Texts are kept as hashes: some of them are secrets. */
export interface Fingerprint {
  /** Of the program and of this file's form. */
  readonly version: string
  /** Of `--vars`, and of the names of profile and target. */
  readonly vars: string
  readonly target: string
  /** By name: the variables that dbt_project.yml and the like read. */
  readonly projectVariables: Readonly<Record<string, string>>
  /** By the name of the package: its dbt_project.yml and .dbtignore, its folder. */
  readonly projects: Readonly<Record<string, string>>
  /** Of our own macros. */
  readonly library: string
}

export interface FingerprintFacts {
  readonly vars: Readonly<Record<string, unknown>>
  readonly profileName: string | undefined
  readonly target: Target
  readonly projects: readonly PackageProject[]
  /** Of our own macros. */
  readonly libraryFiles: readonly MacroFile[]
  readonly projectVariables: EnvironmentWatch
}

export function fingerprintOf(facts: FingerprintFacts): Fingerprint {
  const { vars, profileName, target, projects, libraryFiles, projectVariables } = facts
  return {
    // What this process runs stays what it is, whatever becomes of the files.
    version: (knownVersion ??= programVersion()),
    vars: hashOf([sortedKeys(vars), profileName, target.name]),
    // How many threads there are is another thing from run to run, and nothing that a node is made of.
    target: hashOf({ ...target, threads: undefined }),
    projectVariables: projectVariables.values(),
    projects: Object.fromEntries(projects.map((project) => [project.name, projectHash(project)])),
    library: hashOf(libraryFiles.map(({ packageName, path: file, text }) => [packageName, file, text])),
  }
}

/** Why nothing can be taken from an earlier parse, in dbt's words where it has some; undefined when there is no reason. */
export function reasonOfChange(former: Fingerprint, present: Fingerprint): string | undefined {
  if (former.version !== present.version) return 'of a version mismatch'
  if (former.vars !== present.vars) return 'config vars, config profile, or config target have changed'
  if (former.target !== present.target) return 'profile has changed'
  if (!isSame(former.projectVariables, present.projectVariables)) return 'env vars used in dbt_project.yml have changed'
  if (Object.keys(present.projects).some((name) => former.projects[name] === undefined))
    return 'a project dependency has been added'
  if (Object.keys(former.projects).some((name) => present.projects[name] === undefined))
    return 'a project dependency has been removed'
  if (!isSame(former.projects, present.projects)) return 'a project config has changed'
  return former.library === present.library ? undefined : 'of a version mismatch'
}

export function hashOfText(text: string): string {
  return hash('sha256', text, 'base64url')
}

export function hashOf(value: unknown): string {
  return hashOfText(JSON.stringify(value))
}

function projectHash({ directory, file }: PackageProject): string {
  const read = (name: string) => {
    try {
      return readFileSync(path.join(directory, name), 'utf8')
    } catch {
      return null
    }
  }
  return hashOf([directory, file, read('dbt_project.yml'), read('.dbtignore')])
}

function isSame(left: object, right: object): boolean {
  return JSON.stringify(sortedKeys(left)) === JSON.stringify(sortedKeys(right))
}

function sortedKeys(record: object): unknown {
  return Object.entries(record).toSorted(([left], [right]) => (left < right ? -1 : 1))
}

let knownVersion: string | undefined

/** While the program is being written its version says nothing: its files count, by size and time. */
function programVersion(): string {
  const manifest = readFileSync(new URL('../package.json', macroFolder), 'utf8')
  const own = import.meta.filename
  return hashOf([
    manifest,
    own.endsWith('.ts') ? filesBelow(path.dirname(import.meta.dirname)) : readFileSync(own, 'utf8'),
  ])
}

function filesBelow(directory: string): unknown[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => {
      const { size, mtimeMs } = statSync(path.join(directory, file))
      return [file, size, mtimeMs]
    })
}
