import type { RunResult } from '@eclusa/pipeline'
import { EclusaError } from '@eclusa/sdk'
import { expect, test } from 'vitest'
import { formatRunSummary } from './run-summary.ts'
import type { Paint } from './terminal.ts'

const plain: Paint = (_style, text) => text

const result: RunResult = {
  runId: 'r',
  status: 'partial',
  rows: 2,
  bytes: 64,
  unrepresentable: 3,
  durationMs: 1000,
  streams: [],
  streamFailures: [
    { stream: 'shop.lost', error: new EclusaError('TIMEOUT', { message: 'It is late.', remedy: 'Wait.' }) },
  ],
  steps: [],
  warnings: [
    { level: 'warn', message: 'Column "vat" of stream shop.orders is new.', fields: {} },
    { level: 'warn', message: 'Rows wait for a later run.', fields: { stream: 'shop.items' } },
  ],
}

test('the summary of a run tells of values that did not fit, of warnings, and of each failed stream with its remedy', () => {
  const lines = formatRunSummary('test', { result, loadDurationMs: 500 }, plain).split('\n')
  expect(lines[0]).toBe('Pipeline test is incomplete after 1.0 s.')
  expect(lines.slice(2)).toEqual([
    '  3 values did not fit; their exact text is in _airbyte_meta',
    '  ! Column "vat" of stream shop.orders is new.',
    '  ! shop.items: Rows wait for a later run.',
    '  ✗ shop.lost: TIMEOUT: It is late.',
    '    Wait.',
  ])
})
