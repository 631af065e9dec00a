import { describe, expect, it } from 'vitest'
import type { RunResult } from '../manifest/run-result.ts'
import { readRuns, runsText, withLastRun } from './past-runs.ts'

function file(invocation: string, at: string, which = 'build') {
  const result = { unique_id: 'model.shop.orders', status: 'success', execution_time: 0.123_456 } as RunResult
  return {
    metadata: { invocation_id: invocation, generated_at: at },
    args: { which },
    elapsed_time: 2,
    results: [result],
  }
}

describe('withLastRun', () => {
  it('puts the last run first, once, and keeps ten', () => {
    let runs = withLastRun([], file('run 0', '2026-01-01'))
    for (let day = 0; day < 12; day += 1) {
      runs = readRuns(runsText(withLastRun(runs, file(`run ${day}`, `2026-01-${String(day + 1).padStart(2, '0')}`))))
    }
    expect(runs.map(({ invocationId }) => invocationId)).toEqual(
      Array.from({ length: 10 }, (_, at) => `run ${11 - at}`),
    )
    expect(runs[0]).toEqual({
      invocationId: 'run 11',
      at: '2026-01-12',
      command: 'build',
      seconds: 2,
      results: { 'model.shop.orders': ['success', 0.123] },
    })
  })

  it('takes no command for a run that runs nothing', () => {
    expect(withLastRun([], file('compiled', '2026-01-01', 'compile'))).toEqual([])
    expect(withLastRun([], undefined)).toEqual([])
  })
})

describe('readRuns', () => {
  it.each(['', '{', '[]', '{"runs": 1}'])('knows no run where the file is %j', (text) => {
    expect(readRuns(text)).toEqual([])
  })
})
