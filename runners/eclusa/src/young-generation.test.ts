import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { runCli } from './testing/run-cli.ts'
import { smallerStart } from './young-generation.ts'

const argv = (...words: string[]) => ['/bin/node', '/app/main.js', ...words]

it('starts a command that moves rows with 4 MiB for each half, and keeps what Node was started with', () => {
  const started = { argv: argv('--config', 'a b.yaml', 'run', '-f'), execArgv: ['--inspect'], env: {} }
  const words = smallerStart(started)
  expect(words?.slice(0, 3)).toEqual(['--inspect', '--max-semi-space-size=4', '/app/main.js'])
  expect(words?.slice(3)).toEqual(started.argv.slice(2))
})

it.each([
  { words: ['--help'], execArgv: [], env: {} },
  { words: ['transform', 'run'], execArgv: [], env: {} },
  { words: ['--config', 'run', 'query', 'run'], execArgv: [], env: {} },
  { words: ['run'], execArgv: ['--max-semi-space-size=4'], env: {} },
  { words: ['run'], execArgv: [], env: { NODE_OPTIONS: '--max_semi_space_size=64' } },
])('leaves $words with $execArgv and $env as it was started', ({ words, execArgv, env }) => {
  expect(smallerStart({ argv: argv(...words), execArgv, env })).toBeUndefined()
})

it.skipIf(process.platform === 'win32')(
  'has run in a small young generation and two heaps, with its words',
  async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'eclusa young '))
    const tell = `const shown = [process.execArgv, process.argv.slice(2), process.env.MALLOC_ARENA_MAX ?? null]\nthrow new Error(JSON.stringify(shown))\n`
    await writeFile(path.join(directory, 'eclusa.config.ts'), tell)
    const [run, check] = await Promise.all([
      runCli(['run', '--debug'], { directory }),
      runCli(['check', '--debug'], { directory }),
    ])
    await rm(directory, { recursive: true })
    expect(run.stderr).toContain('[["--max-semi-space-size=4"],["run","--debug"],"2"]')
    expect(check.stderr).toContain('[[],["check","--debug"],null]')
  },
)
