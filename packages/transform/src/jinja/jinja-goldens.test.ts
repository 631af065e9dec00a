import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type RenderOptions, type Template, createEnvironment } from './environment.ts'
import { TemplateError, type TemplateErrorKind } from './template-error.ts'
import type { UndefinedMode } from './undefined-value.ts'

/** What Python's Jinja2 3.1.6 answered; written by interop/jinja-oracle.ts. */
interface Golden {
  readonly template: string
  readonly undefined?: UndefinedMode
  readonly expected?: string
  readonly error?: { readonly kind: TemplateErrorKind; readonly message: string; readonly line?: number }
}

const file = readFileSync(new URL('../../interop/jinja-goldens.jsonl', import.meta.url), 'utf8')
const [header = '{}', ...lines] = file.trimEnd().split('\n')
const { context } = JSON.parse(header) as { context: Record<string, unknown> }
const goldens = lines.map((line) => JSON.parse(line) as Golden)
const environment = createEnvironment()

/** Kinds whose messages a template's author reads most; ours may say more behind Jinja2's words. */
const kindsWithSameMessage = new Set<TemplateErrorKind>(['syntax', 'assertion', 'undefined'])

/** CPython reports these while it compiles what Jinja2 generated, in words about that code. */
const isFromCompiler = (message: string) => message.includes('(<template>, line')

/** In which way an error differs from the one that Jinja2 raises, or undefined. */
function errorDifference(error: unknown, golden: Golden): string | undefined {
  if (!(error instanceof TemplateError) || !golden.error) return String(error)
  const { kind, line, message } = golden.error
  if (error.kind !== kind) return `${error.kind}: ${error.reason}, not ${kind}: ${message}`
  if (line !== undefined && error.line !== line) return `line ${error.line}, not ${line}`
  const isSame = error.reason.startsWith(message) || !kindsWithSameMessage.has(kind) || isFromCompiler(message)
  return isSame ? undefined : `${error.reason}, not ${message}`
}

type Render = (template: Template, options: RenderOptions) => string | Promise<string>

async function differences(render: Render): Promise<object[]> {
  const found: object[] = []
  for (const golden of goldens) {
    let difference: string | undefined
    try {
      const text = await render(environment.parse(golden.template), { undefined: golden.undefined ?? 'default' })
      if (text !== golden.expected) difference = text
    } catch (error) {
      difference = errorDifference(error, golden)
    }
    if (difference !== undefined) found.push({ ...golden, difference })
  }
  return found
}

describe('the template engine answers as Jinja2 does', () => {
  test('there are several hundred answers to compare with', () => {
    expect(goldens.length).toBeGreaterThan(700)
    expect(goldens.filter((golden) => golden.error).length).toBeGreaterThan(200)
  })

  test('in synchronous rendering', async () => {
    expect(await differences((template, options) => template.render(structuredClone(context), options))).toEqual([])
  })

  test('in asynchronous rendering', async () => {
    expect(await differences((template, options) => template.renderAsync(structuredClone(context), options))).toEqual(
      [],
    )
  })
})
