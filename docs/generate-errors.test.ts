import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { errorPage, errorPageUrl } from './generate-errors.ts'

test('docs/reference/errors.md is current (otherwise: node docs/generate-errors.ts)', async () => {
  expect(await readFile(errorPageUrl, 'utf8')).toBe(errorPage())
})
