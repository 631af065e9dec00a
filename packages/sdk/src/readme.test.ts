import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import * as sdk from './index.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

test('the example of the README prints what the README says', () => {
  const [, example = ''] = /```ts\n(.*?)```/s.exec(readme) ?? []
  const [, output = ''] = /It prints `(.*?)`/.exec(readme) ?? []
  // Within the package, since the example imports zod; in its ignored folder, where no other check looks.
  const directory = fileURLToPath(new URL(`../dist/readme-${process.pid}`, import.meta.url))
  const file = join(directory, 'example.ts')
  try {
    mkdirSync(directory, { recursive: true })
    writeFileSync(file, example.replace('@eclusa/sdk', '../../src/index.ts'))
    const { stdout, stderr } = spawnSync(process.execPath, ['--no-warnings', file], { encoding: 'utf8' })
    expect(stderr).toBe('')
    expect(stdout.trim().replace(/^\S+ /, '')).toBe(output)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})

test('the README names every export', () => {
  expect(Object.keys(sdk).filter((name) => !readme.includes(`\`${name}\``))).toEqual([])
})
