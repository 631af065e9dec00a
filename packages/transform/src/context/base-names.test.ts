import { readFileSync } from 'node:fs'
import { createLog } from '@eclusa/sdk'
import { expect, test } from 'vitest'
import { createEnvironment } from '../jinja/environment.ts'
import { TemplateError } from '../jinja/template-error.ts'
import { baseNames, yamlContext } from './base-names.ts'
import type { ProjectScope } from './scope.ts'

interface Golden {
  readonly template: string
  readonly expected?: string
  readonly error?: string
  readonly message?: string
}

const lines: string[] = []
const scope = {
  vars: { plain: 1, text: "{{ target.name }} {{ env_var('HOME_OF') }}", none: null },
  target: { name: 'dev' },
  environment: { HOME_OF: 'here', DBT_ENV_SECRET_KEY: 'hidden', DBT_ENV_CUSTOM_ENV_team: 'data' },
  log: createLog({ level: 'debug', write: (line) => lines.push(line) }),
  flags: { FULL_REFRESH: true },
  invocationId: 'i',
  runStartedAt: '2026-01-02T03:04:05.000Z',
} as unknown as ProjectScope
const names = baseNames(scope, { execute: true })
const environment = createEnvironment()
const render = (template: string, context: Record<string, unknown> = names) =>
  environment.parse(template).render(context)

/** What dbt's own base context gives; written by interop/base-names-oracle.py. */
const file = readFileSync(new URL('../../interop/base-names-goldens.jsonl', import.meta.url), 'utf8')
const goldens = file
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Golden)

/** The text, or that there was an error: Python's words about wrong values are not ours. */
function answerOf(template: string): string | undefined {
  try {
    return render(template)
  } catch (error) {
    if (error instanceof TemplateError && error.kind !== 'host') return undefined
    throw error
  }
}

test.each(goldens)('$template', ({ template, expected }) => {
  expect(answerOf(template)).toBe(expected)
})

test('a variable may hold Jinja, and none is a value', () => {
  expect(render("{{ var('plain') + 1 }} {{ var('text') }} {{ var('none', 'x') }} {{ var('other', 'x') }}")).toBe(
    '2 dev here None x',
  )
  expect(render("{{ var.has_var('plain') }} {{ var.has_var('other') }}")).toBe('True False')
  expect(() => render("{{ var('other') }}")).toThrow("Required var 'other' not found")
})

test('the start of the run is a moment in UTC', () => {
  expect(render("{{ run_started_at }} {{ run_started_at.strftime('%Y%m%d') }}")).toBe(
    '2026-01-02 03:04:05+00:00 20260102',
  )
  const zone = "modules.pytz.timezone('America/New_York')"
  expect(render(`{{ run_started_at.astimezone(${zone}) }}`)).toBe('2026-01-01 22:04:05-05:00')
})

test('a secret may be read in YAML, and not in a model', () => {
  const yaml = yamlContext({ ...scope, target: scope.target })
  expect(render("{{ env_var('DBT_ENV_SECRET_KEY') }}", yaml)).toBe('hidden')
  expect(() => render("{{ env_var('DBT_ENV_SECRET_KEY') }}")).toThrow('Secret env vars are allowed only in')
  expect(() => render("{{ env_var('NOT_THERE') }}")).toThrow("Env var required but not provided: 'NOT_THERE'")
  expect(render("{{ env_var('NOT_THERE', '') }}|{{ dbt_metadata_envs }}")).toBe("|{'team': 'data'}")
})

test('the flags of the command are there under the names of its options', () => {
  expect(render('{{ invocation_args_dict }}')).toBe("{'full_refresh': True}")
})

test('macros end with an error of their own', () => {
  expect(() => render("{{ exceptions.raise_compiler_error('no') }}")).toThrow('no')
  expect(() =>
    render(
      "{{ exceptions.raise_contract_error([{'name': 'a', 'data_type': 'int'}], [{'name': 'a', 'data_type': 'text'}]) }}",
    ),
  ).toThrow('| a           | text            | int           | data type mismatch |')
  expect(render("{{ exceptions.warn('careful') }}")).toBe('')
  expect(lines.join('\n')).toContain('careful')
})
