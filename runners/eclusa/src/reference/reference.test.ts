import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { referenceFiles } from './reference-files.ts'

const root = join(import.meta.dirname, '../../../..')

test.each([...referenceFiles()])(
  '%s says what the definitions say; if not, run `pnpm --filter eclusa reference`',
  async (name, text) => {
    expect(await readFile(join(root, name), 'utf8')).toBe(text)
  },
)
