import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

/** Makes a decoder of one column in a process of its own, where V8's flags can be set. */
const script = `
  const { generatedGroups } = await import('./generated-group.ts')
  const { BatchBuilder } = await import('../codec/batch-builder.ts')
  const { createBufferPool } = await import('../codec/buffer-pool.ts')
  const { int32Codec } = await import('../codec/fixed-width.ts')
  const builder = new BatchBuilder({
    stream: { name: 's' },
    schema: { version: 1, columns: [{ name: 'c', type: { type: 'int32' }, nullable: true }] },
    budget: { bytesMax: 65536, batchBytesMax: 65536, batchRowsMax: 8 },
    pool: createBufferPool({ bytesMax: 65536 }),
  })
  console.log(generatedGroups([int32Codec], builder) === undefined ? 'interpreted' : 'generated')
`

async function decoderUnder(...flags: string[]): Promise<string> {
  const args = [...flags, '--no-warnings', '--input-type=module', '--eval', script]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname })
  return stdout.trim()
}

test('code is generated where the runtime permits it, and only there', async () => {
  expect(await decoderUnder()).toBe('generated')
  expect(await decoderUnder('--disallow-code-generation-from-strings')).toBe('interpreted')
})
