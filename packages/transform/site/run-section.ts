import type { PageRun, SitePage } from '../src/site-view/site-data.ts'
import { create } from './dom.ts'
import { durationText, statusPill, statusTone, timeElement } from './labels.ts'
import type { SiteStore } from './site-store.ts'
import { table } from './tables.ts'

/** The last run of an entry with its steps, and how long earlier ones took. */
export function runsSection(store: SiteStore, { lastRun, history = [] }: SitePage): HTMLElement | undefined {
  if (lastRun === undefined) return undefined
  const longest = Math.max(...history.map(({ seconds }) => seconds), 0.001)
  const rows = history.map(({ run, status, seconds }) => {
    const { at, command } = store.index.runs[run]!
    const width = `width: ${Math.max(2, (seconds / longest) * 100)}%`
    const bar = create('span', { class: 'bar-track', 'aria-hidden': 'true' })
    bar.append(create('span', { class: `bar ${statusTone(status)}`, style: width }))
    return create(
      'tr',
      {},
      create('td', {}, timeElement(at)),
      create('td', {}, command),
      create('td', {}, statusPill(status)),
      create('td', { class: 'number' }, durationText(seconds)),
      create('td', { class: 'bar-cell' }, bar),
    )
  })
  const earlier = rows.length > 1 && table(['When', 'Command', 'Status', 'Took', 'Compared'], rows, 'runs')
  return create('div', {}, lastRunFacts(lastRun), earlier)
}

function lastRunFacts({ status, at, command, seconds, message, failures, rowsAffected, steps }: PageRun): HTMLElement {
  const fact = (label: string, value: string | Node | undefined) =>
    value === undefined ? [] : [create('dt', {}, label), create('dd', {}, value)]
  return create(
    'dl',
    { class: 'facts' },
    ...fact('Status', statusPill(status)),
    ...fact('When', timeElement(at)),
    ...fact('Command', command),
    ...fact('Took', durationText(seconds)),
    ...steps.flatMap((step) =>
      fact(step.name === 'compile' ? 'of that, compiling' : 'of that, executing', durationText(step.seconds)),
    ),
    ...fact('Rows', rowsAffected?.toLocaleString('en')),
    ...fact('Rows that fail', failures?.toLocaleString('en')),
    ...fact(
      'Message',
      message === undefined || message === 'OK' ? undefined : create('pre', { class: 'text' }, message),
    ),
  )
}
