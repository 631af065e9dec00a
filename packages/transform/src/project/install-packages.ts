import { mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { EclusaError } from '@eclusa/sdk'
import { lockFileName, readDeclaredPackages, readLockFile } from './package-spec.ts'
import type { PackageSpec } from './package-spec.ts'
import { PackageSource, placePackage } from './package-source.ts'
import type { FetchedPackage } from './package-source.ts'
import { projectInvalid } from './project-fault.ts'
import { parseRange } from './version-range.ts'
import type { VersionBound } from './version-range.ts'

export interface InstallPackagesOptions {
  /** Folder with dbt_project.yml. */
  readonly directory: string
  /** `packages-install-path`, within the directory. Default `dbt_packages`. */
  readonly packagesPath?: string
  /** What the Jinja of packages.yml sees. */
  readonly context: Readonly<Record<string, unknown>>
  /** Base URL of the registry. Default: that of dbt. */
  readonly registry?: string
  /** Settle versions anew although package-lock.yml fits. Default false. */
  readonly upgrade?: boolean
  /** Write package-lock.yml and install nothing. Default false. */
  readonly lockOnly?: boolean
  readonly signal: AbortSignal
  /** What is being done, a line at a time. */
  readonly emit?: (line: string) => void
}

export interface InstalledPackage {
  readonly name: string
  readonly label: string
}

const registryDefault = 'https://hub.getdbt.com/'

/**
 * Installs what packages.yml asks for, and what those packages ask for, and writes package-lock.yml. Where that file
 * fits packages.yml, exactly its versions are installed.
 *
 * @throws PROJECT_INVALID for a fault in packages.yml; PACKAGE_UNAVAILABLE.
 */
export async function installPackages(options: InstallPackagesOptions): Promise<InstalledPackage[]> {
  const { directory, context, signal, registry = registryDefault, emit = () => {} } = options
  const declared = await readDeclaredPackages(directory, context)
  if (declared.specs.length === 0) return []
  await using source = new PackageSource({ directory, registry, signal })
  const lock = options.upgrade === true ? undefined : await readLockFile(directory)
  const isLocked = lock?.hash === declared.hash
  const resolver = new PackageResolver({ source, directory, context, emit })
  const fetched = await resolver.resolve(isLocked ? lock.specs : declared.specs)
  if (!isLocked) await writeFile(path.join(directory, lockFileName), lockText(fetched, declared.hash))
  if (options.lockOnly !== true)
    await placeAll(fetched, path.join(directory, options.packagesPath ?? 'dbt_packages'), emit)
  return fetched.map(({ name, label }) => ({ name, label }))
}

async function placeAll(
  fetched: readonly FetchedPackage[],
  folder: string,
  emit: (line: string) => void,
): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  for (const one of fetched) {
    emit(`Installing ${one.name}`)
    await placePackage(one, folder)
    emit(`Installed from ${one.label}`)
  }
}

/** What several packages ask of one and the same. */
interface Wish {
  readonly spec: PackageSpec
  readonly bounds: VersionBound[]
  prereleases: boolean
}

interface PackageResolverOptions {
  readonly source: PackageSource
  readonly directory: string
  readonly context: Readonly<Record<string, unknown>>
  readonly emit: (line: string) => void
}

class PackageResolver {
  readonly #directory: string
  readonly #source: PackageSource
  readonly #context: Readonly<Record<string, unknown>>
  readonly #emit: (line: string) => void
  readonly #wishes = new Map<string, Wish>()
  readonly #fetched = new Map<string, FetchedPackage>()

  constructor({ source, directory, context, emit }: PackageResolverOptions) {
    this.#source = source
    this.#directory = directory
    this.#context = context
    this.#emit = emit
  }

  /** Round after round, until no package asks for more. A later round can only narrow the versions of an earlier one. */
  async resolve(specs: readonly PackageSpec[]): Promise<FetchedPackage[]> {
    for (let pending = specs; pending.length > 0;) {
      const changed = new Set(pending.map((spec) => this.#add(spec)))
      const next: PackageSpec[] = []
      for (const key of changed) next.push(...(await this.#fetch(key)))
      pending = next
    }
    const fetched = [...this.#fetched.values()]
    const names = fetched.map(({ name }) => name)
    const twice = names.find((name, index) => names.indexOf(name) !== index)
    if (twice !== undefined)
      throw new EclusaError('PACKAGE_UNAVAILABLE', {
        message: `Two packages are called "${twice}": take one of them out of packages.yml.`,
      })
    return fetched
  }

  /** Returns the key of what has to be fetched. */
  #add(spec: PackageSpec): string {
    const key = keyOf(spec)
    const wish = this.#wishes.get(key) ?? { spec, bounds: [], prereleases: false }
    this.#wishes.set(key, wish)
    if ('package' in spec) {
      const bounds = parseRange(spec.version)
      if (bounds === undefined)
        throw projectInvalid([
          {
            file: 'packages.yml',
            message: `${spec.package}: "${String(spec.version)}" is no version and no range of versions`,
          },
        ])
      wish.bounds.push(...bounds)
      wish.prereleases ||= spec['install-prerelease'] === true || spec.install_prerelease === true
    }
    return key
  }

  /** What the package asks for itself; nothing when it was fetched before and stays the same. */
  async #fetch(key: string): Promise<readonly PackageSpec[]> {
    const { spec, bounds, prereleases } = this.#wishes.get(key)!
    const former = this.#fetched.get(key)
    if (former !== undefined && !('package' in spec)) return []
    const fetched = await this.#source.fetch(spec, bounds, prereleases)
    this.#fetched.set(key, fetched)
    if (former !== undefined && former.label === fetched.label) return []
    if (former !== undefined) this.#emit(`${fetched.name}: ${fetched.label} instead of ${former.label}`)
    const own = await readDeclaredPackages(fetched.directory, this.#context)
    // A package's local packages are named from where it stands; the lock file names all from the project.
    const here = (local: string) => path.relative(this.#directory, path.resolve(fetched.directory, local))
    return own.specs.map((one) => ('local' in one ? { ...one, local: here(one.local) } : one))
  }
}

function keyOf(spec: PackageSpec): string {
  if ('package' in spec) return spec.package.toLowerCase()
  if ('git' in spec) return `${spec.git.replace(/\.git$/u, '')}#${spec.subdirectory ?? ''}`
  return 'local' in spec ? path.resolve(spec.local) : spec.tarball
}

/** In the shape of dbt's file: YAML, each entry with its settled version. */
function lockText(fetched: readonly FetchedPackage[], hash: string): string {
  const entries = fetched.map(({ locked }) =>
    Object.entries(locked)
      .map(([key, value], index) => `${index === 0 ? '  - ' : '    '}${key}: ${yamlText(String(value))}\n`)
      .join(''),
  )
  return `packages:\n${entries.join('')}sha1_hash: ${hash}\n`
}

/** Plain where YAML reads a text back; a version of two numbers would become one. */
function yamlText(value: string): string {
  const isPlain = /^[A-Za-z0-9./_-][\w./:@+-]*$/u.test(value) && Number.isNaN(Number(value))
  return isPlain && !/^(?:true|false|yes|no|on|off|null)$/iu.test(value) ? value : JSON.stringify(value)
}
