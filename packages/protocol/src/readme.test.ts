import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

test('The example of the README runs', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const example = /```ts\n(.*?)```/s.exec(readme)?.[1] ?? ''
  const directory = mkdtempSync(join(tmpdir(), 'eclusa-protocol-'))
  try {
    const file = join(directory, 'example.mts')
    writeFileSync(file, example.replace('@eclusa/protocol', new URL('index.ts', import.meta.url).href))
    const record = '{"type":"RECORD","record":{"stream":"orders","data":{"id":12345678901234567891},"emitted_at":1}}'
    const input = `${record}\n${record}\n{"type":"LOG"}\nstarting\n`
    const { stdout, stderr } = spawnSync(process.execPath, ['--no-warnings', file], { input, encoding: 'utf8' })
    expect(stdout).toBe(`${input}{"type":"LOG","log":{"level":"INFO","message":"orders: 2 records"}}\n`)
    expect(stderr).toBe('line 3: log: Invalid input: expected object, received undefined\n')
  } finally {
    rmSync(directory, { recursive: true })
  }
})
