import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { freshDirectory } from './fresh-directory.ts'

test('all who ask for a folder at once get one of their own', async () => {
  const parent = await mkdtemp(path.join(tmpdir(), 'eclusa-fresh-'))
  const directories = await Promise.all(Array.from({ length: 5 }, async () => await freshDirectory(parent, 'demo')))
  expect(new Set(directories).size).toBe(5)
  expect((await readdir(parent)).toSorted()).toEqual(['demo', 'demo-2', 'demo-3', 'demo-4', 'demo-5'])
  await rm(parent, { recursive: true })
})

test('where nothing may be written the folder is a temporary one', async () => {
  const directory = await freshDirectory(path.join(tmpdir(), 'no-such-folder'), 'demo')
  expect(path.dirname(directory)).toBe(tmpdir())
  await rm(directory, { recursive: true })
})
