/**
 * Compares the template engine with Python's Jinja2, outside of the test suite.
 *
 *   node packages/transform/interop/jinja-oracle.ts <python> [--seed 1] [--count 2000] [--damage 0.15] [--messages] [--write]
 *
 * `<python>` is an interpreter that can import jinja2 3.1. The written cases (jinja-cases.ts) and `--count` random
 * templates, of which `--damage` tells how many are broken on purpose, are rendered by both; every difference is printed,
 * with `--messages` also those in the words of errors. `--write` stores what Jinja2 answered as goldens, which the
 * suite replays without Python. Without an interpreter nothing can be compared, and the script says so.
 *
 * Ends with 1 when anything but the words of an error differs and is not among `stated` below, which
 * docs/transform/compatibility.md tells of.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createInterface } from 'node:readline'
import { inspect, parseArgs } from 'node:util'
import { createEnvironment } from '../src/jinja/environment.ts'
import { TemplateError, type TemplateErrorKind } from '../src/jinja/template-error.ts'
import type { UndefinedMode } from '../src/jinja/undefined-value.ts'
import { writtenCases } from './jinja-cases.ts'
import { type Context, Random, TemplateFuzzer, fuzzContext } from './template-fuzzer.ts'

interface Case {
  readonly template: string
  readonly context: Context
  readonly undefined?: UndefinedMode
}

interface Answer {
  readonly expected?: string
  readonly error?: { readonly type: string; readonly message: string; readonly line?: number }
}

const kinds: Readonly<Record<string, TemplateErrorKind>> = {
  TemplateSyntaxError: 'syntax',
  SyntaxError: 'syntax',
  TemplateAssertionError: 'assertion',
  AssertionError: 'assertion',
  UndefinedError: 'undefined',
  TemplateRuntimeError: 'runtime',
  FilterArgumentError: 'filter-argument',
  TypeError: 'type',
  ValueError: 'value',
  KeyError: 'key',
  IndexError: 'index',
  AttributeError: 'attribute',
  ZeroDivisionError: 'zero-division',
  OverflowError: 'overflow',
}

/**
 * Answers that depend on where Python put an object in memory cannot be compared; nor can markup inside a list, because
 * the engine does not escape automatically and has no type for it.
 */
const hasAddress = (text: string) => / at 0x[0-9a-f]+|Markup\(/.test(text)

async function* askPython(python: string, cases: readonly Case[]): AsyncGenerator<Answer, void, undefined> {
  const script = fileURLToPath(new URL('jinja-oracle.py', import.meta.url))
  const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(child, 'spawn')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  try {
    const hello = JSON.parse(String((await lines.next()).value)) as { version: string }
    print(`comparing with Jinja2 ${hello.version}`)
    for (const item of cases) {
      child.stdin.write(`${JSON.stringify(item)}\n`)
      const line = await lines.next()
      if (line.done) throw new Error(`Python ended at ${JSON.stringify(item.template)}`)
      yield JSON.parse(line.value) as Answer
    }
  } finally {
    child.stdin.end()
  }
}

const print = (value: unknown) => process.stdout.write(`${typeof value === 'string' ? value : inspect(value)}\n`)
const environment = createEnvironment()

function askOurs({ template, context, undefined: mode = 'default' }: Case): Answer {
  try {
    return { expected: environment.parse(template).render(structuredClone(context), { undefined: mode }) }
  } catch (error) {
    if (!(error instanceof TemplateError)) return { error: { type: 'crash', message: String((error as Error).stack) } }
    return { error: { type: error.kind, message: error.reason, line: error.line } }
  }
}

/** Undefined where both agree, else which part differs. */
function difference(theirs: Answer, ours: Answer): string | undefined {
  if (theirs.error === undefined || ours.error === undefined) {
    return theirs.expected === ours.expected && theirs.error === ours.error ? undefined : 'result'
  }
  if ((kinds[theirs.error.type] ?? theirs.error.type) !== ours.error.type) return 'kind of error'
  if (theirs.error.line !== undefined && theirs.error.line !== ours.error.line) return 'line'
  return theirs.error.message === ours.error.message ? undefined : 'message'
}

/** What is known to differ, by what the answers look like. */
const stated: Readonly<Record<string, (theirs: Answer, ours: Answer) => boolean>> = {
  'unknown filter where nothing gets to': (_theirs, ours) => ours.error?.message.startsWith('No filter named') === true,
  // Jinja2 works out constants beforehand, and takes what fails there for undefined.
  'slice of a constant that has no items': (theirs, ours) =>
    ours.error?.type === 'type' &&
    /object is not subscriptable|^unhashable type: 'slice'$/u.test(ours.error.message) &&
    theirs.error?.type !== 'TypeError',
  // Python compiles the whole template, also what is never reached.
  'continue or break that Python does not compile': ({ error }) =>
    /^'?(?:continue|break)'? (?:not properly in|outside) loop/u.test(error?.message ?? ''),
  'text times undefined': (theirs, ours) =>
    theirs.error?.message === "'Undefined' object cannot be interpreted as an integer" &&
    ours.error?.type === 'undefined',
}

function statementOf(theirs: Answer, ours: Answer): string | undefined {
  return Object.entries(stated).find(([, isOf]) => isOf(theirs, ours))?.[0]
}

function fuzzCases(seed: number, count: number, damage: number): Case[] {
  const fuzzer = new TemplateFuzzer(new Random(seed), damage)
  return Array.from({ length: count }, () => ({ template: fuzzer.template(), context: fuzzContext }))
}

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '2000' },
    damage: { type: 'string', default: '0.15' },
    write: { type: 'boolean', default: false },
    messages: { type: 'boolean', default: false },
    show: { type: 'string', default: '40' },
  },
})

const [python] = positionals
if (python === undefined) {
  print('skipped: no Python interpreter was given, so nothing was compared')
} else {
  const random = fuzzCases(Number(options.seed), Number(options.count), Number(options.damage))
  const tally: Record<string, number> = { equal: 0, 'skipped (memory address or markup)': 0 }
  const goldens: object[] = []
  let shown = 0
  let index = 0
  const cases: Case[] = [...writtenCases, ...random]
  for await (const theirs of askPython(python, cases)) {
    const item = cases[index]
    index += 1
    if (!item) break
    if (hasAddress(theirs.expected ?? '') || hasAddress(theirs.error?.message ?? '')) {
      tally['skipped (memory address or markup)'] = (tally['skipped (memory address or markup)'] ?? 0) + 1
      continue
    }
    const { line, ...error } = theirs.error ?? { type: '', message: '' }
    const kind = kinds[error.type]
    if (kind || !theirs.error) {
      const place = line === undefined ? {} : { line }
      const { context: _, ...golden } = item
      goldens.push({ ...golden, ...(theirs.error ? { error: { kind, message: error.message, ...place } } : theirs) })
    }
    const ours = askOurs(item)
    const found = difference(theirs, ours)
    const statement = found === undefined || found === 'message' ? undefined : statementOf(theirs, ours)
    const counted = statement === undefined ? (found ?? 'equal') : `stated: ${statement}`
    tally[counted] = (tally[counted] ?? 0) + 1
    if (statement !== undefined) continue
    if (found !== undefined && found !== 'message') process.exitCode = 1
    if (found === undefined || (found === 'message' && !options.messages) || shown >= Number(options.show)) continue
    shown += 1
    print(
      `--- ${found} differs\n${JSON.stringify(item.template)}\nJinja2 ${JSON.stringify(theirs)}\nours   ${JSON.stringify(ours)}`,
    )
  }
  print(tally)
  if (options.write) {
    const file = fileURLToPath(new URL('jinja-goldens.jsonl', import.meta.url))
    const lines = [{ context: fuzzContext }, ...goldens].map((golden) => JSON.stringify(golden))
    writeFileSync(file, `${lines.join('\n')}\n`)
    print(`wrote ${goldens.length} goldens`)
  }
}
