import { EclusaError } from '@eclusa/sdk'
import { describe, expect, test } from 'vitest'
import { CommandContext } from './command-context.ts'
import type { GlobalOptions } from './command-context.ts'
import { createReporter } from './output/run-view.ts'
import { captureHost } from './testing/captured-host.ts'

const secret = 'tiger "7"'

function tellEverything(options: GlobalOptions): { stdout: string; stderr: string } {
  const { host, output } = captureHost({ directory: '/', env: {} })
  const context = new CommandContext(host, options)
  context.protect([secret])
  const error = new EclusaError('INTERNAL', {
    message: `login with ${secret} failed`,
    cause: new Error(`bad ${secret}`),
  })
  context.log().warn(`a warning about ${secret}`, { url: `postgres://me:${secret}@db`, error })
  context.note(`a note about ${secret}`)
  context.result({ text: `a result with ${secret}`, lines: [{ type: 'result', text: secret, [secret]: 1 }] })
  createReporter(context).onEvent({
    version: 1,
    at: '2026-01-01T00:00:00.000Z',
    pipeline: 'p',
    runId: 'r',
    type: 'log',
    level: 'error',
    message: `an event with ${secret}`,
    fields: { secret },
  })
  context.fail(error)
  return output()
}

describe('a secret', () => {
  test.each<[string, GlobalOptions]>([
    ['text', { logFormat: 'text' }],
    ['text with stack traces', { logFormat: 'text', debug: true }],
    ['JSON', { logFormat: 'json' }],
    ['JSON with stack traces', { logFormat: 'json', debug: true }],
    ['quiet text', { logFormat: 'text', quiet: true }],
  ])('appears nowhere in %s', (_name, options) => {
    const { stdout, stderr } = tellEverything(options)
    expect(stdout + stderr).toContain('[redacted]')
    expect(stdout + stderr).not.toContain('tiger')
  })

  test('in rows that the user asked for is data, and is written as it is', () => {
    const { host, output } = captureHost({ directory: '/', env: {} })
    const context = new CommandContext(host, { logFormat: 'text' })
    context.protect([secret])
    context.data(`name\n${secret}`)
    expect(output().stdout).toBe(`name\n${secret}\n`)
  })
})

describe('with --log-format json', () => {
  test('everything is one JSON object per line on stdout, and stderr is silent', () => {
    const { stdout, stderr } = tellEverything({ logFormat: 'json' })
    expect(stderr).toBe('')
    const types = stdout
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { type: string }).type)
    expect(types).toEqual(['log', 'result', 'log', 'error'])
  })
})

test('quiet tells of failures alone', () => {
  const { stdout, stderr } = tellEverything({ logFormat: 'text', quiet: true })
  expect(stdout).toBe('a result with [redacted]\n')
  expect(stderr.split('\n').filter((line) => line.startsWith('✗'))).toHaveLength(2)
  expect(stderr).not.toMatch(/warning|note/u)
})

test('a stack trace is shown when --debug asks for it, and not otherwise', () => {
  expect(tellEverything({ logFormat: 'text' }).stderr).not.toContain(import.meta.filename)
  expect(tellEverything({ logFormat: 'text', debug: true }).stderr).toContain(import.meta.filename)
})
