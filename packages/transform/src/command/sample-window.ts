import { textOf } from '../jinja/python-text.ts'
import { isRecord } from '../manifest/node-config.ts'
import { commandInvalid } from './command-line.ts'

/** The rows that `--sample` reads, by their event time: from `start` up to, and without, `end`. ISO 8601, UTC. */
export interface SampleWindow {
  readonly start: string
  readonly end: string
}

const grains = ['hour', 'day', 'month', 'year'] as const
type Grain = (typeof grains)[number]

/**
 * `3 days`, which end now, or `{start: 2026-01-01, end: 2026-01-08}`.
 *
 * @throws COMMAND_INVALID for anything else.
 */
export function sampleWindow(value: unknown, now: Date): SampleWindow {
  if (isRecord(value)) return { start: momentOf('start', value['start']), end: momentOf('end', value['end']) }
  const text = String(value)
  const [count, word, ...rest] = text.split(' ')
  if (word === undefined || rest.length > 0) {
    throw commandInvalid(`Cannot load SAMPLE_WINDOW from '${text}'. Must be of form 'DAYS_INT GRAIN_SIZE'.`)
  }
  if (!/^[+-]?\d+$/u.test(count ?? '')) throw commandInvalid(`Unable to convert '${count}' to an integer.`)
  const grain = grains.find((name) => name === word.toLowerCase().replace(/s+$/u, ''))
  if (grain === undefined) {
    const valid = [...grains, ...grains.map((name) => `${name}s`)].join(', ')
    throw commandInvalid(`Invalid grain size '${word}'. Must be one of ${valid}.`)
  }
  return { start: before(now, Number(count), grain).toISOString(), end: now.toISOString() }
}

/** In months and years a day that is not there becomes the last one that is: 31 March less a month is 28 February. */
function before(now: Date, count: number, grain: Grain): Date {
  const hours = { hour: 1, day: 24 }
  if (grain === 'hour' || grain === 'day') return new Date(now.getTime() - count * hours[grain] * 3_600_000)
  const moved = new Date(now)
  moved.setUTCDate(1)
  moved.setUTCMonth(moved.getUTCMonth() - count * (grain === 'year' ? 12 : 1))
  const lastDay = new Date(Date.UTC(moved.getUTCFullYear(), moved.getUTCMonth() + 1, 0)).getUTCDate()
  moved.setUTCDate(Math.min(now.getUTCDate(), lastDay))
  return moved
}

function momentOf(name: string, value: unknown): string {
  const text = value instanceof Date ? value.toISOString() : textOf(value ?? '').replace(' ', 'T')
  // What has no zone is in UTC.
  const time = new Date(/T.*(?:Z|[+-]\d\d:?\d\d)$/u.test(text) || !text.includes('T') ? text : `${text}Z`)
  if (!Number.isNaN(time.getTime())) return time.toISOString()
  throw commandInvalid(`'--sample': ${name} is no time: write it as in '{start: 2026-01-01, end: 2026-01-08}'.`)
}
