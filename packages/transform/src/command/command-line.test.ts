import { describe, expect, it } from 'vitest'
import { parseCommandLine } from './command-line.ts'
import { settingsOf } from './command-settings.ts'

describe('parseCommandLine', () => {
  it('takes options before and after the command, lists up to the next option, and repeated ones', () => {
    const words = '--quiet run --select a +b -s tag:c --exclude=d --no-partial-parse --threads 4 --vars'
    const line = parseCommandLine([...words.split(' '), '{day: 1}'])
    expect(line.command).toBe('run')
    expect(Object.fromEntries(line.given)).toEqual({
      quiet: true,
      select: ['a', '+b', 'tag:c'],
      exclude: ['d'],
      partial_parse: false,
      threads: 4,
      vars: { day: 1 },
    })
  })

  it('knows commands of two words and their other names', () => {
    expect(parseCommandLine(['source', 'freshness', '-o', 'x.json']).command).toBe('source freshness')
    expect(parseCommandLine(['docs', 'generate', '--no-compile']).command).toBe('docs generate')
    expect(Object.fromEntries(parseCommandLine(['list', '-m', 'a']).given)).toEqual({ models: ['a'] })
    expect(Object.fromEntries(parseCommandLine(['run', '-m', 'a']).given)).toEqual({ select: ['a'] })
    expect(parseCommandLine(['run-operation', 'vacuum', '--args', '{x: [1]}'])).toMatchObject({
      command: 'run-operation',
      operands: ['vacuum'],
    })
  })

  it.each([
    [['biuld'], "Did you mean 'build'?"],
    [['run', '--selct', 'a'], 'No such option: --selct Did you mean --select?'],
    [['run', '--threads', 'many'], 'is not a whole number'],
    [['run', '--select'], 'requires an argument'],
    [['ls', '--resource-type', 'modle'], 'is not one of'],
    [['run', '--indirect-selection', 'all'], 'is not one of'],
    [['run', '--quiet=yes'], 'does not take a value'],
    [['run', '--vars', '[1]'], 'expects a mapping'],
    [['run', '--vars', '{a: b: c}'], 'is no YAML'],
    [['parse', '--select', 'a'], 'has no option'],
  ])('refuses %j', (words, message) => {
    expect(() => parseCommandLine(words)).toThrow(
      expect.objectContaining({ code: 'COMMAND_INVALID', message: expect.stringContaining(message) }),
    )
  })
})

describe('settingsOf', () => {
  const read = (
    words: readonly string[],
    environment: Readonly<Record<string, string>> = {},
    projectFlags: Readonly<Record<string, unknown>> = {},
  ) =>
    settingsOf(parseCommandLine(words), {
      command: 'build',
      directory: '/project',
      environment,
      projectFlags,
    })

  it('takes the command line before the environment before the project before the default', () => {
    const variables = { DBT_FAIL_FAST: '0', DBT_INDIRECT_SELECTION: 'buildable', DBT_PROJECT_DIR: 'dbt' }
    const projectFlags = { fail_fast: true, partial_parse: false, indirect_selection: 'cautious', printer_width: 100 }
    const settings = read(['build', '--indirect-selection', 'empty'], variables, projectFlags)
    expect(settings.selection.indirectSelection).toBe('empty')
    expect(settings.execution.failFast).toBe(false)
    expect(settings.isOn('partial_parse')).toBe(false)
    expect(settings.number('printer_width')).toBe(100)
    expect(settings.projectDirectory).toBe('/project/dbt')
    expect(settings.isOn('print')).toBe(true)
  })

  it('takes no variable for what dbt has none for', () => {
    expect(read(['build'], { DBT_SELECT: 'a' }).selection.select).toEqual([])
  })

  it('takes models alone with -m of ls', () => {
    const line = parseCommandLine(['ls', '-m', 'a'])
    const { selection } = settingsOf(line, { command: 'ls', directory: '/', environment: {}, projectFlags: {} })
    expect(selection).toMatchObject({ select: ['a'], resourceTypes: ['model'] })
  })

  it('refuses a variable with a value that its flag cannot have', () => {
    expect(() => read(['build'], { DBT_FAIL_FAST: 'maybe' })).toThrow(
      expect.objectContaining({ code: 'COMMAND_INVALID' }),
    )
  })
})
