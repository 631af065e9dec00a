import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'

const execute = promisify(execFile)
const root = path.resolve(import.meta.dirname, '..')

/** Folders of all packages that are published. */
export async function publishedPackages(): Promise<string[]> {
  const folders: string[] = []
  for (const group of ['packages', 'runners', 'examples']) {
    for (const name of await readdir(path.join(root, group))) {
      const folder = path.join(root, group, name)
      const manifest = await readManifest(folder)
      if (manifest !== undefined && manifest['private'] !== true) folders.push(folder)
    }
  }
  return folders
}

/** Packs every published package as npm would receive it, and has publint and attw look at the tarball. */
export async function packedPackageFaults(): Promise<string[]> {
  const directory = await mkdtemp(path.join(tmpdir(), 'eclusa-pack-'))
  try {
    const faults: string[] = []
    for (const folder of await publishedPackages()) faults.push(...(await faultsOf(folder, directory)))
    return faults
  } finally {
    await rm(directory, { recursive: true })
  }
}

async function faultsOf(folder: string, directory: string): Promise<string[]> {
  const name = path.relative(root, folder)
  const { stdout } = await execute('npx', ['-y', 'pnpm@12', 'pack', '--json', '--pack-destination', directory], {
    cwd: folder,
  })
  const { filename } = JSON.parse(stdout) as { filename: string }
  const tarball = path.resolve(directory, filename)
  const buffer = await readFile(tarball)
  const { messages, pkg } = await publint({ pack: { tarball: new Uint8Array(buffer).buffer } })
  const faults = messages
    .filter(({ type }) => type !== 'suggestion')
    .map((message) => `${name}: publint: ${formatMessage(message, pkg, { color: false }) ?? message.code}`)
  // A package that is a command alone has no types to look at. ESM only, by decision: `require` works through Node's require(esm) from 22.12 on.
  const isImported = (await readManifest(folder))?.['exports'] !== undefined
  return [...faults, ...(isImported ? await attwFaults(name, tarball) : [])]
}

async function attwFaults(name: string, tarball: string): Promise<string[]> {
  try {
    await execute('attw', [tarball, '--profile', 'esm-only', '--format', 'ascii', '--no-color', '--no-emoji'])
    return []
  } catch (error) {
    const output = error instanceof Error && 'stdout' in error ? String(error.stdout) : String(error)
    return [`${name}: attw:\n${output}`]
  }
}

async function readManifest(folder: string): Promise<Record<string, unknown> | undefined> {
  try {
    return JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8')) as Record<string, unknown>
  } catch {
    return undefined
  }
}
