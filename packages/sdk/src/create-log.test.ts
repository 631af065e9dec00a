import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Clock } from './clock.ts'
import { createLog } from './create-log.ts'
import type { LogOptions } from './create-log.ts'
import { EclusaError } from './error.ts'

const clock: Clock = { nowMs: () => Date.UTC(2026, 0, 2, 3, 4, 5, 6), sleep: async () => {} }

function logged(options: Omit<LogOptions, 'write'>) {
  const lines: string[] = []
  const log = createLog({ clock, ...options, write: (line) => lines.push(line) })
  return { log, lines }
}

/** An error as a driver throws it: secrets in message, stack, properties and cause. */
function failure(secret: string): Error {
  const cause = Object.assign(new Error(`tried postgres://me:${encodeURIComponent(secret)}@db`), { password: secret })
  return new EclusaError('TIMEOUT', {
    message: `no answer to ${secret}`,
    details: { at: new URL('http://db/x') },
    cause,
  })
}

test('writes one JSON object per entry', () => {
  const { log, lines } = logged({ format: 'json' })
  log.info('copied', {
    rows: 3n,
    stream: 'orders',
    bytes: new Uint8Array(4),
    at: new Date(0),
    gone: undefined,
    none: null,
  })
  log.warn('slow')
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    {
      time: '2026-01-02T03:04:05.006Z',
      level: 'info',
      message: 'copied',
      fields: { rows: '3', stream: 'orders', bytes: '[4 bytes]', at: '1970-01-01T00:00:00.000Z', none: null },
    },
    { time: '2026-01-02T03:04:05.006Z', level: 'warn', message: 'slow' },
  ])
})

test('writes one line of text per entry, and errors with their stack and causes below it', () => {
  const { log, lines } = logged({})
  log.info('copied', { rows: 3, stream: 'public orders', nested: { a: 1 } })
  log.error('failed', { stream: 'orders', error: failure('pw') })
  const [copied, failed = ''] = lines
  expect(copied).toBe('03:04:05.006Z info  copied rows=3 stream="public orders" nested={"a":1}\n')
  const [first, second, ...rest] = failed.split('\n')
  expect(first).toBe('03:04:05.006Z error failed stream=orders')
  expect(second).toMatch(/^ {2}error: code=TIMEOUT failureType=transient_error .*EclusaError: no answer to pw$/)
  expect(rest.some((line) => /^ {2}cause: password=pw Error: tried/.test(line))).toBe(true)
})

test('drops entries below its level', () => {
  const { log, lines } = logged({ level: 'warn' })
  log.debug('a')
  log.info('b')
  log.warn('c')
  log.error('d')
  expect(lines).toEqual(['03:04:05.006Z warn  c\n', '03:04:05.006Z error d\n'])
})

test('colours the level only when asked', () => {
  const { log, lines } = logged({ color: true })
  log.info('a')
  expect(lines).toEqual(['03:04:05.006Z \u001B[36minfo\u001B[39m  a\n'])
})

test('keeps every secret out of everything it writes', () => {
  const secret = fc.string({ unit: 'grapheme', minLength: 2, maxLength: 30 }).map((text) => `k3y${text}y3k`)
  fc.assert(
    fc.property(secret, fc.constantFrom('text', 'json'), (value, format) => {
      const { log, lines } = logged({ format, secrets: [value] })
      log.error(`before ${value} after`, {
        [value]: value,
        list: [value, { key: value }],
        set: new Set([value]),
        map: new Map([[value, value]]),
        error: failure(value),
        all: new AggregateError([failure(value)], value),
        json: JSON.stringify({ value }),
        basic: Buffer.from(`user:${value}`).toString('base64'),
      })
      const written = lines.join('').replaceAll('[redacted]', '')
      for (const form of [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)]) {
        expect(written.includes(form)).toBe(false)
      }
    }),
  )
})

test('redacts a number that is itself a secret', () => {
  const { log, lines } = logged({ secrets: ['123456'] })
  log.info('counted', { pin: 123_456, rows: 1_234_567 })
  expect(lines).toEqual(['03:04:05.006Z info  counted pin=[redacted] rows=1234567\n'])
})

test('bears fields that cannot be read', () => {
  const { log, lines } = logged({ format: 'json' })
  const circular: Record<string, unknown> = {}
  circular['self'] = circular
  const hostile = {
    get trap() {
      throw new Error('no')
    },
  }
  log.info('odd', {
    circular,
    hostile,
    deep: [[[[[[[[1]]]]]]]],
    nan: Number.NaN,
    call: () => 1,
    long: Array(101).fill(0),
  })
  const { fields } = JSON.parse(lines.join('')) as { fields: Record<string, unknown> }
  expect(fields).toMatchObject({
    circular: { self: '[circular]' },
    hostile: '[unreadable]',
    deep: [[[[['[deep]']]]]],
    nan: 'NaN',
    call: '[function]',
  })
  expect(fields).toHaveProperty('long.100', '[1 more]')
})
