import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cliCommand, cliEnvironment, runCli } from './testing/run-cli.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'eclusa cli '))
})
afterAll(async () => await rm(directory, { recursive: true }))

describe('the command line', () => {
  test('suggests commands and options that were probably meant, and ends with 2', async () => {
    const command = await runCli(['chekc'], { directory })
    expect(command).toMatchObject({ code: 2, stdout: '' })
    expect(command.stderr).toContain("unknown command 'chekc'\n(Did you mean check?)")
    const option = await runCli(['run', '--full-refesh'], { directory })
    expect(option.code).toBe(2)
    expect(option.stderr).toContain("unknown option '--full-refesh'\n(Did you mean --full-refresh?)")
    const choice = await runCli(['query', '--format', 'xml', 'select 1'], { directory })
    expect(choice.code).toBe(2)
    expect(choice.stderr).toContain('Allowed choices are table, csv, json.')
  })

  test('says what there is, with examples and exit codes', async () => {
    const { code, stdout } = await runCli(['--help'], { directory })
    expect(code).toBe(0)
    expect(stdout).toContain('Start here:')
    expect(stdout).toContain('130  stopped by Ctrl-C')
  })

  test('without a configuration says how to get one', async () => {
    const { code, stderr } = await runCli(['run'], { directory })
    expect(code).toBe(2)
    expect(stderr).toMatchInlineSnapshot()
  })

  test('names the faults of a configuration without a stack trace, unless asked', async () => {
    await writeFile(path.join(directory, 'wrong.yaml'), 'version: 1\nnaem: sales\n')
    const told = await runCli(['check', '--config', 'wrong.yaml'], { directory })
    expect(told.code).toBe(2)
    expect(told.stderr).toContain('wrong.yaml:2:1: naem: unknown key; did you mean "name"?')
    expect(told.stderr).not.toContain('at loadConfig')
    const asked = await runCli(['check', '--config', 'wrong.yaml', '--debug'], { directory })
    expect(asked.stderr).toContain('at loadConfig')
  })

  test('with --log-format json tells even of its failure as one JSON object, on stdout', async () => {
    const { code, stdout, stderr } = await runCli(['run', '--log-format', 'json'], { directory })
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({ type: 'error', code: 'CONFIG_NOT_FOUND', failureType: 'config_error' })
  })

  test('colours where told to, and never where told not to', async () => {
    const red = '\u001B[31m'
    const forced = await runCli(['run'], { directory, env: { FORCE_COLOR: '1' } })
    expect(forced.stderr).toContain(red)
    const plain = await runCli(['run'], { directory })
    expect(plain.stderr).not.toContain('\u001B')
  })
})

describe('a shell', () => {
  const shells = ['bash', 'zsh', 'fish'].filter((shell) => spawnSync(shell, ['-c', 'true']).status === 0)

  test.each(shells)('%s reads its completion script', async (shell) => {
    const { code, stdout } = await runCli(['completion', shell], { directory })
    expect(code).toBe(0)
    const checked = spawnSync(shell, ['-n'], { input: stdout, encoding: 'utf8' })
    expect(checked).toMatchObject({ status: 0, stderr: '' })
  })

  test('is offered commands, options and choices', async () => {
    const commands = await runCli(['complete', '--', 'd'], { directory })
    expect(commands.stdout.split('\n').map((line) => line.split('\t')[0])).toEqual(
      expect.arrayContaining(['demo', 'discover', 'doctor']),
    )
    const choices = await runCli(['complete', '--', 'query', '--format', ''], { directory })
    expect(choices.stdout).toContain('csv')
  })

  test('may cut the output off: head gets its line and nobody complains', () => {
    const script = `set -o pipefail; ${cliCommand()} schema | head -n 1; echo "\${PIPESTATUS[0]}"`
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { env: cliEnvironment(), encoding: 'utf8' })
    expect({ stdout, stderr }).toEqual({ stdout: '{\n0\n', stderr: '' })
  })
})
