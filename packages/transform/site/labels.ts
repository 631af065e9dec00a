import { kindOf } from '../src/site-view/site-data.ts'
import type { IndexEntry } from '../src/site-view/site-data.ts'
import { create } from './dom.ts'

const kindLabels: Readonly<Record<string, readonly [one: string, many: string]>> = {
  model: ['Model', 'Models'],
  source: ['Source', 'Sources'],
  seed: ['Seed', 'Seeds'],
  snapshot: ['Snapshot', 'Snapshots'],
  analysis: ['Analysis', 'Analyses'],
  exposure: ['Exposure', 'Exposures'],
  metric: ['Metric', 'Metrics'],
  semantic_model: ['Semantic model', 'Semantic models'],
  saved_query: ['Saved query', 'Saved queries'],
  test: ['Data test', 'Data tests'],
  unit_test: ['Unit test', 'Unit tests'],
  macro: ['Macro', 'Macros'],
}

export const kinds: readonly string[] = Object.keys(kindLabels)

export function kindLabel(kind: string): string {
  return kindLabels[kind]?.[0] ?? kind
}

export function kindsLabel(kind: string): string {
  return kindLabels[kind]?.[1] ?? kind
}

/** `0.05` is 50 ms, `125` is 2 min 5 s. */
export function durationText(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

const timeFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })

/** In the reader's own time. */
export function timeElement(at: string): HTMLElement {
  const time = new Date(at)
  if (Number.isNaN(time.getTime())) return create('span', {}, at)
  return create('time', { datetime: at, title: at }, timeFormat.format(time))
}

const goodStatuses = new Set(['success', 'pass'])
const badStatuses = new Set(['error', 'fail', 'runtime error', 'partial success'])

export function statusTone(status: string): 'good' | 'bad' | 'warn' | 'quiet' {
  if (goodStatuses.has(status)) return 'good'
  if (badStatuses.has(status)) return 'bad'
  return status === 'warn' ? 'warn' : 'quiet'
}

export function statusPill(status: string): HTMLElement {
  return create('span', { class: `pill ${statusTone(status)}` }, status)
}

/** `m2` before `m10`. */
export const compareNames = new Intl.Collator(undefined, { numeric: true }).compare

/** A coloured square, which says nothing that the text beside it does not. */
export function kindMark(entry: Pick<IndexEntry, 'id'>): HTMLElement {
  return create('span', { class: `mark kind-${kindOf(entry)}`, 'aria-hidden': 'true', title: kindLabel(kindOf(entry)) })
}
