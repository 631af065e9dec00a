import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { referenceFiles } from './reference-files.ts'

const root = join(import.meta.dirname, '../../../..')
for (const [name, text] of referenceFiles()) {
  await mkdir(dirname(join(root, name)), { recursive: true })
  await writeFile(join(root, name), text)
}
