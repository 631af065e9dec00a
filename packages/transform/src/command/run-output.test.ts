import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import type { GraphEntry } from '../manifest/manifest.ts'
import type { RunResult } from '../manifest/run-result.ts'
import { plainPaint } from './fancy-line.ts'
import { hookEndLine, hookStartLine } from './hook-lines.ts'
import { resultLine, startLine } from './node-lines.ts'
import { endLines, exitCodeOf, finishedLine } from './run-summary.ts'

interface Golden {
  readonly exitCode: number
  readonly output: readonly string[]
  readonly elapsedSeconds: number
  readonly results: readonly RunResult[]
  readonly entries: Readonly<Record<string, GraphEntry>>
}

/** What dbt-core printed and recorded of a build in which everything happens; written by interop/outcomes-oracle.py. */
const golden = JSON.parse(
  await readFile(new URL('../../fixtures/outcomes.golden.json', import.meta.url), 'utf8'),
) as Golden
const entriesById = new Map(Object.entries(golden.entries))
const outcomes = golden.results.map((result) => ({ result, entry: entriesById.get(result.unique_id)! }))
const said = golden.output.map((line) => line.replace(/^\d\d:\d\d:\d\d {2}/u, ''))
const options = { paint: plainPaint, width: 80, database: 'outcomes' }

describe('the output of a run', () => {
  it('has the lines that dbt prints for nodes and hooks', () => {
    const lines = outcomes.flatMap(({ entry, result }) => linesOf(entry, result))
    expect(lines.map(unnumbered)).toEqual(said.filter((line) => /^\d+ of \d+ /u.test(line)).map(unnumbered))
  })

  it('ends with the summary that dbt prints', () => {
    const entries = outcomes.map(({ entry }) => entry)
    const lines = [
      finishedLine(entries, golden.elapsedSeconds),
      ...endLines(outcomes, plainPaint).flatMap(({ text }) => text.split('\n')),
    ]
    const from = said.findIndex((line) => line.startsWith('Finished running'))
    const to = said.findIndex((line) => line.startsWith('Done.'))
    expect(lines).toEqual(said.slice(from, to + 1))
  })

  it("ends with dbt's exit code", () => {
    expect(exitCodeOf(outcomes)).toBe(golden.exitCode)
    expect(
      exitCodeOf(outcomes.filter(({ result: { status } }) => !['fail', 'error', 'skipped'].includes(status))),
    ).toBe(0)
  })
})

function linesOf(entry: GraphEntry, result: RunResult): string[] {
  const place = { index: 1, total: 1 }
  if (entry.resource_type === 'operation') {
    const name = result.message!.replace(/ passed$/u, '')
    const end = { name, status: result.status, seconds: result.execution_time }
    return [hookStartLine(name, place, options), hookEndLine(end, place, options)]
  }
  const start = result.status === 'skipped' ? undefined : startLine(entry, place, options)
  const end = resultLine(entry, result, place, options)
  return start === undefined ? [end] : [start, end]
}

/** dbt counts unit tests out of order, and the dots fill up what the numbers leave. */
function unnumbered(line: string): string {
  return line.replace(/^\d+ of \d+ /u, '').replace(/\.{3,}/u, '…')
}
