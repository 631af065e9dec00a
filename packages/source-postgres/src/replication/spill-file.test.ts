import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EclusaError } from '@eclusa/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { wireOf } from '../../testing/pgoutput-capture.ts'
import { SpillFile } from './spill-file.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'eclusa-spill-'))
})
afterAll(async () => {
  await rm(directory, { recursive: true })
})

test('gives back what was written, from anywhere, and has no name that others could open', async () => {
  await using file = await SpillFile.create(directory)
  await file.append(Buffer.from('one '))
  await file.append(Buffer.from('two three'))
  const { wire } = wireOf(Buffer.alloc(16))
  await file.read(wire, 4, 5)
  expect(wire.bytes.toString('utf8', 0, 5)).toBe('two t')
  expect(await readdir(directory)).toEqual([])
})

test('says where it could not keep a transaction', async () => {
  const missing = join(directory, 'missing')
  const failure: unknown = await SpillFile.create(missing).catch((error: unknown) => error)
  if (!EclusaError.isInstance(failure)) throw failure
  expect(failure.code).toBe('REPLICATION_SPILL_FAILED')
  expect(failure.message).toContain(missing)
  expect(failure.details).toEqual({ directory: missing, code: 'ENOENT' })
})
