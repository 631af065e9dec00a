import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Manifest } from '../manifest/manifest.ts'
import { runCommand } from './run-command.ts'

const files = {
  'dbt_project.yml': 'name: trial\nprofile: trial\n',
  'profiles.yml': 'trial: {target: dev, outputs: {dev: {type: duckdb, path: trial.duckdb}}}\n',
  'models/a_unset.sql': "select {{ var('unset') }} as id",
  'models/b_sound.sql': 'select 1 as id',
}

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'transform-'))
  await mkdir(path.join(directory, 'models'))
  for (const [file, text] of Object.entries(files)) await writeFile(path.join(directory, file), text)
})
afterEach(async () => await rm(directory, { recursive: true }))

describe('a model that cannot be compiled', () => {
  it.each([['compile'], ['docs generate']])('is told of by %s, which compiles the others', async (line) => {
    const output: string[] = []
    const code = await runCommand(line.split(' '), {
      program: 'eclusa transform',
      directory,
      environment: {},
      hasColors: false,
      write: (text) => output.push(text),
      signal: new AbortController().signal,
    })
    expect(code).toBe(2)
    expect(output.join('\n')).toContain("Required var 'unset' not found")
    expect(output.join('\n').includes('cannot generate docs')).toBe(line === 'docs generate')
    const manifest = JSON.parse(await readFile(path.join(directory, 'target/manifest.json'), 'utf8')) as Manifest
    expect(manifest.nodes['model.trial.b_sound']).toMatchObject({ compiled_code: 'select 1 as id' })
    expect(manifest.nodes['model.trial.a_unset']).not.toHaveProperty('compiled_code')
    expect(await readdir(path.join(directory, 'target'))).not.toContain('run_results.json')
  })
})
