import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { EclusaError } from '@eclusa/sdk'
import { z } from 'zod'
import { isRecord } from '../manifest/node-config.ts'
import type { PackageSpec } from './package-spec.ts'
import { readTarGz } from './tar-archive.ts'
import { YamlFile } from './yaml-file.ts'
import { highestWithin } from './version-range.ts'
import type { VersionBound } from './version-range.ts'

/** Where packages come from; one per installation, so that nothing is fetched twice. */
export interface PackageSourceOptions {
  readonly directory: string
  /** Base URL of the registry, with a slash at its end. */
  readonly registry: string
  readonly signal: AbortSignal
}

/** A package of which it is settled what is installed. */
export interface FetchedPackage {
  readonly name: string
  /** Where its files are now. */
  readonly directory: string
  /** As package-lock.yml writes it. */
  readonly locked: Readonly<Record<string, unknown>>
  /** A folder of the user's own, which is linked to rather than copied. */
  readonly isLocal: boolean
  /** For people: `version 1.3.0`, `revision 8f3…`. */
  readonly label: string
}

const indexSchema = z.looseObject({
  versions: z.record(
    z.string(),
    z.looseObject({ name: z.string(), downloads: z.looseObject({ tarball: z.string() }) }),
  ),
})

const run = promisify(execFile)

export class PackageSource implements AsyncDisposable {
  readonly #options: PackageSourceOptions
  readonly #indexes = new Map<string, z.output<typeof indexSchema>>()
  #scratch: string | undefined

  constructor(options: PackageSourceOptions) {
    this.#options = options
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#scratch !== undefined) await rm(this.#scratch, { recursive: true, force: true })
  }

  /** @throws PACKAGE_UNAVAILABLE when it cannot be had, or no version fits. */
  async fetch(spec: PackageSpec, bounds: readonly VersionBound[] = [], prereleases = false): Promise<FetchedPackage> {
    if ('local' in spec) return await this.#local(spec.local)
    if ('git' in spec) return await this.#git(spec)
    if ('tarball' in spec) return await this.#tarball(spec.tarball, spec.name)
    return await this.#registry(spec.package, bounds, prereleases)
  }

  async #local(local: string): Promise<FetchedPackage> {
    const directory = path.resolve(this.#options.directory, local)
    const name = await projectName(directory, local)
    return { name, directory, locked: { local, name }, isLocal: true, label: `<local @ ${local}>` }
  }

  async #git(spec: Extract<PackageSpec, { git: string }>): Promise<FetchedPackage> {
    const { git: url, revision, subdirectory } = spec
    const folder = path.join(await this.#scratchFolder(), String(this.#indexes.size), url.replaceAll(/\W/gu, '_'))
    await rm(folder, { recursive: true, force: true })
    await mkdir(folder, { recursive: true })
    const commit = await this.#checkout(url, revision ?? 'HEAD', folder)
    const directory = path.join(folder, subdirectory ?? '.')
    const name = await projectName(directory, url)
    const below = subdirectory === undefined || subdirectory === null ? {} : { subdirectory }
    const locked = { git: url, name, revision: commit, ...below }
    return { name, directory, locked, isLocal: false, label: `revision ${commit}` }
  }

  /** One commit without its history; servers that refuse a commit's hash are asked for everything. */
  async #checkout(url: string, revision: string, folder: string): Promise<string> {
    const git = async (...args: string[]) => {
      const options = { cwd: folder, signal: this.#options.signal, env: { ...process.env, GIT_TERMINAL_PROMPT: '0' } }
      return (await run('git', ['-c', 'core.hooksPath=/dev/null', ...args], options)).stdout.trim()
    }
    try {
      await git('init', '--quiet')
      try {
        await git('fetch', '--quiet', '--depth', '1', '--', url, revision)
        await git('checkout', '--quiet', 'FETCH_HEAD')
      } catch {
        this.#options.signal.throwIfAborted()
        await git('fetch', '--quiet', '--tags', '--', url, '+refs/heads/*:refs/remotes/origin/*')
        await git('checkout', '--quiet', revision)
      }
      return await git('rev-parse', 'HEAD')
    } catch (error) {
      this.#options.signal.throwIfAborted()
      throw unavailable(
        `${withoutSecret(url)} at ${revision}`,
        'Is git installed, the address right, and the revision there?',
        error,
      )
    }
  }

  async #tarball(url: string, name: string): Promise<FetchedPackage> {
    const directory = await this.#unpack(url, name)
    return { name, directory, locked: { tarball: url, name }, isLocal: false, label: 'tarball' }
  }

  async #registry(name: string, bounds: readonly VersionBound[], prereleases: boolean): Promise<FetchedPackage> {
    const { versions } = await this.#index(name)
    const version = highestWithin(Object.keys(versions), bounds, prereleases)
    if (version === undefined) {
      const wanted = bounds.map((bound) => `${bound.operator}${bound.version.text}`).join(', ')
      throw unavailable(
        `${name} in a version ${wanted}`,
        `The registry has ${Object.keys(versions).slice(-8).join(', ')}; the bounds come from packages.yml and from other packages.`,
      )
    }
    const entry = versions[version]!
    const directory = await this.#unpack(entry.downloads.tarball, name)
    const locked = { package: name, name: entry.name, version }
    return { name: entry.name, directory, locked, isLocal: false, label: `version ${version}` }
  }

  async #index(name: string): Promise<z.output<typeof indexSchema>> {
    const known = this.#indexes.get(name)
    if (known !== undefined) return known
    const url = new URL(`api/v1/${name}.json`, this.#options.registry)
    const parsed = indexSchema.safeParse(JSON.parse((await this.#download(url.href, name)).toString('utf8')))
    if (!parsed.success) throw unavailable(name, `${url.href} is not the index of a package.`)
    this.#indexes.set(name, parsed.data)
    return parsed.data
  }

  /** Archives of packages have one folder at their top, whatever its name. */
  async #unpack(url: string, name: string): Promise<string> {
    const folder = path.join(await this.#scratchFolder(), name.replaceAll(/\W/gu, '_'))
    await rm(folder, { recursive: true, force: true })
    for (const file of readTarGz(await this.#download(url, name))) {
      const target = path.join(folder, ...file.path.split('/').slice(1))
      await mkdir(path.dirname(target), { recursive: true })
      await writeFile(target, file.content)
    }
    return folder
  }

  async #download(url: string, name: string): Promise<Buffer> {
    try {
      const response = await fetch(url, { signal: this.#options.signal })
      if (response.ok) return Buffer.from(await response.arrayBuffer())
      throw unavailable(name, `${withoutSecret(url)} answered ${response.status}.`)
    } catch (error) {
      this.#options.signal.throwIfAborted()
      if (EclusaError.isInstance(error)) throw error
      throw unavailable(name, `${withoutSecret(url)} cannot be reached.`, error)
    }
  }

  async #scratchFolder(): Promise<string> {
    this.#scratch ??= await mkdtemp(path.join(tmpdir(), 'eclusa-deps-'))
    return this.#scratch
  }
}

/** Puts a fetched package where projects look for it. */
export async function placePackage(fetched: FetchedPackage, folder: string): Promise<void> {
  const target = path.join(folder, fetched.name)
  if (!fetched.isLocal) {
    await cp(fetched.directory, target, { recursive: true, filter: (source) => path.basename(source) !== '.git' })
    return
  }
  try {
    await symlink(fetched.directory, target, 'dir')
  } catch {
    // Some file systems have no links.
    await cp(fetched.directory, target, { recursive: true })
  }
}

async function projectName(directory: string, label: string): Promise<string> {
  const text = await readFile(path.join(directory, 'dbt_project.yml'), 'utf8').catch(() => undefined)
  if (text === undefined) throw unavailable(label, `There is no dbt_project.yml in it.`)
  const { value } = new YamlFile(`${label}: dbt_project.yml`, text)
  if (!isRecord(value) || typeof value['name'] !== 'string')
    throw unavailable(label, 'Its dbt_project.yml has no name.')
  return value['name']
}

/** An address without the user and password that may stand in it. */
function withoutSecret(url: string): string {
  return url.replace(/^(\w+:\/\/)[^/@]*@/u, '$1')
}

function unavailable(what: string, why: string, cause?: unknown): EclusaError {
  return new EclusaError('PACKAGE_UNAVAILABLE', { message: `The package ${what} cannot be installed. ${why}`, cause })
}
