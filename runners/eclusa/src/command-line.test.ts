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
    const [command, option] = await Promise.all([
      runCli(['chekc'], { directory }),
      runCli(['run', '--full-refesh'], { directory }),
    ])
    expect(command).toMatchObject({ code: 2, stdout: '' })
    expect(command.stderr).toContain("unknown command 'chekc'\n(Did you mean check?)")
    expect(option.code).toBe(2)
    expect(option.stderr).toContain("unknown option '--full-refesh'\n(Did you mean --full-refresh?)")
  })

  test('says what there is, with examples and exit codes', async () => {
    const { code, stdout } = await runCli(['--help'], { directory })
    expect(code).toBe(0)
    expect(stdout).toContain('Start here:')
    expect(stdout).toContain('130  stopped by Ctrl-C')
  })

  test('without a configuration says how to get one, in colour only where told to', async () => {
    const [plain, coloured] = await Promise.all([
      runCli(['run'], { directory }),
      runCli(['run'], { directory, env: { FORCE_COLOR: '1' } }),
    ])
    expect(plain.code).toBe(2)
    expect(plain.stderr).toBe(`✗ There is no eclusa.yaml in this folder.
  Remedy: Run \`eclusa init\` to write one, or name it with \`--config\`.
  Code:   CONFIG_NOT_FOUND
`)
    expect(coloured.stderr).toContain('\u001B[31m✗\u001B[39m There is no')
  })

  test('names the faults of a configuration without a stack trace, unless asked', async () => {
    await writeFile(path.join(directory, 'wrong.yaml'), 'version: 1\nnaem: sales\n')
    const words = ['check', '--config', 'wrong.yaml']
    const [told, asked] = await Promise.all([
      runCli(words, { directory }),
      runCli([...words, '--debug'], { directory }),
    ])
    expect(told.code).toBe(2)
    expect(told.stderr).toContain('wrong.yaml:2:1: naem: unknown key; did you mean "name"?')
    expect(told.stderr).not.toContain('at loadConfig')
    expect(asked.stderr).toContain('at loadConfig')
  })

  test('with --log-format json tells even of its failure as one JSON object, on stdout', async () => {
    const { code, stdout, stderr } = await runCli(['run', '--log-format', 'json'], { directory })
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({ type: 'error', code: 'CONFIG_NOT_FOUND', failureType: 'config_error' })
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
