import { chmod, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { hasErrorCode } from '@eclusa/sdk'
import { afterEach, beforeEach, expect, it } from 'vitest'

import { cacheBinaries } from './binary-cache.ts'
import type { BinaryPackage } from './binary-cache.ts'

let directory: string
let temporary: string
let source: BinaryPackage

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'binary cache test '))
  temporary = join(directory, 'tmp')
  await mkdir(temporary, { mode: 0o700 })
  source = { root: join(directory, 'native'), version: '1.2.3' }
  await writeTree(source.root, {
    'bin/postgres': 'server',
    'lib/libpq.so.5.18': 'library',
    'lib/libpq.a': 'for compilers',
    'share/postgresql/postgres.bki': 'catalog',
    'pg-symlinks.json': JSON.stringify([{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' }]),
  })
  await chmod(join(source.root, 'bin/postgres'), 0o600)
})

afterEach(() => rm(directory, { recursive: true }))

it('copies what the server needs, for everybody to run and nobody else to change', async () => {
  const copy = await cacheBinaries(source, temporary)
  expect(await readFile(join(copy, 'share/postgresql/postgres.bki'), 'utf8')).toBe('catalog')
  expect(await modeOf(copy)).toBe(0o755)
  expect(await modeOf(join(copy, 'share'))).toBe(0o755)
  expect(await modeOf(join(copy, 'bin/postgres'))).toBe(0o755)
  expect(await modeOf(join(copy, 'share/postgresql/postgres.bki'))).toBe(0o644)
  expect(await readdir(join(copy, 'lib'))).not.toContain('libpq.a')
})

it('makes the links between libraries that an npm package cannot carry', async () => {
  const copy = await cacheBinaries(source, temporary)
  expect(await readlink(join(copy, 'lib/libpq.so.5'))).toBe('libpq.so.5.18')
})

it('copies once', async () => {
  const copy = await cacheBinaries(source, temporary)
  const before = await stat(join(copy, 'bin/postgres'))
  expect(await cacheBinaries(source, temporary)).toBe(copy)
  expect((await stat(join(copy, 'bin/postgres'))).ino).toBe(before.ino)
})

it('leaves one copy when many processes make it at the same time', async () => {
  const copies = await Promise.all(Array.from({ length: 8 }, () => cacheBinaries(source, temporary)))
  expect(new Set(copies).size).toBe(1)
  expect(await readdir(temporary)).toHaveLength(1)
})

it('keeps another content and another version apart', async () => {
  const first = await cacheBinaries(source, temporary)
  expect(await cacheBinaries({ ...source, version: '1.2.4' }, temporary)).not.toBe(first)
  await writeFile(join(source.root, 'bin/postgres'), 'another server')
  expect(await cacheBinaries(source, temporary)).not.toBe(first)
})

it('renews a copy of which a cleaner of temporary files took a part', async () => {
  const copy = await cacheBinaries(source, temporary)
  await rm(join(copy, 'share/postgresql/postgres.bki'))
  expect(await cacheBinaries(source, temporary)).toBe(copy)
  expect(await readFile(join(copy, 'share/postgresql/postgres.bki'), 'utf8')).toBe('catalog')
  expect(await readdir(temporary)).toHaveLength(1)
})

it('refuses a copy that others can write to', async () => {
  const copy = await cacheBinaries(source, temporary)
  await chmod(copy, 0o777)
  await expect(cacheBinaries(source, temporary)).rejects.toSatisfy(isUntrusted)
})

it('refuses a temporary directory in which others can replace our files', async () => {
  await chmod(temporary, 0o777)
  await expect(cacheBinaries(source, temporary)).rejects.toSatisfy(isUntrusted)
  await chmod(temporary, 0o1777)
  await expect(cacheBinaries(source, temporary)).resolves.toContain(temporary)
})

it('removes half-made copies of killed processes, and only when they are old', async () => {
  const old = join(temporary, 'eclusa-postgres-binaries-new-old')
  const young = join(temporary, 'eclusa-postgres-binaries-new-young')
  await mkdir(old)
  await mkdir(young)
  const yesterday = Date.now() / 1000 - 86_400
  await utimes(old, yesterday, yesterday)
  const copy = await cacheBinaries(source, temporary)
  expect((await readdir(temporary)).map((name) => join(temporary, name)).toSorted()).toEqual([copy, young].toSorted())
})

function isUntrusted(error: unknown): boolean {
  return hasErrorCode(error, 'POSTGRES_LOCAL_CACHE_UNTRUSTED')
}

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o7777
}

async function writeTree(root: string, files: Record<string, string>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(root, path, '..'), { recursive: true })
    await writeFile(join(root, path), content)
  }
}
