import { isInLineage } from '../src/site-view/lineage-graph.ts'
import { routeText } from '../src/site-view/route.ts'
import { kindOf } from '../src/site-view/site-data.ts'
import type { SiteRun } from '../src/site-view/site-data.ts'
import { create, createProse } from './dom.ts'
import { durationText, kindLabel, kinds, kindsLabel, statusPill, statusTone, timeElement } from './labels.ts'
import type { SiteStore } from './site-store.ts'
import { entriesTable } from './tables.ts'

const slowestShown = 5
const failedShown = 50

/** The first page: what the project says of itself, how much there is, how the last run went. */
export function overviewPage(store: SiteStore, packageName?: string): HTMLElement {
  const { project, overviews, runs } = store.index
  const overview = overviews.find((one) => one.packageName === (packageName ?? project.name))
  const others = overviews.filter((one) => one !== overview)
  const [lastRun] = runs
  return create(
    'article',
    { class: 'overview' },
    create('h1', { tabindex: -1 }, packageName ?? project.name),
    create('p', { class: 'hint' }, `${project.warehouse} · generated `, timeElement(project.generatedAt)),
    create('ul', { class: 'counts', 'aria-label': 'What there is' }, ...counts(store)),
    lastRun !== undefined && lastRunCard(lastRun),
    ...failedEntries(store),
    ...slowestEntries(store),
    overview !== undefined && createProse(overview.html, 'prose overview-text'),
    others.length > 0 &&
      create('p', {}, 'Packages: ', ...others.flatMap(({ packageName: name }) => [packageLink(name), ' '])),
  )
}

function packageLink(packageName: string): HTMLElement {
  return create('a', { href: routeText({ page: 'overview', packageName }) }, packageName)
}

function counts(store: SiteStore): HTMLElement[] {
  const byKind = Map.groupBy(store.index.entries, (entry) => kindOf(entry))
  return kinds.flatMap((kind) => {
    const count = byKind.get(kind)?.length ?? 0
    if (count === 0) return []
    const label = count === 1 ? kindLabel(kind) : kindsLabel(kind)
    const link = create(
      'a',
      { href: routeText({ page: 'list', kind }) },
      create('strong', {}, count.toLocaleString('en')),
      ` ${label}`,
    )
    return [create('li', { class: `kind-${kind}` }, link)]
  })
}

function lastRunCard({ at, command, seconds, counts: byStatus }: SiteRun): HTMLElement {
  const total = Object.values(byStatus).reduce((sum, count) => sum + count, 0)
  const order = ['good', 'warn', 'bad', 'quiet']
  const statuses = Object.entries(byStatus).toSorted(
    ([a], [b]) => order.indexOf(statusTone(a)) - order.indexOf(statusTone(b)),
  )
  const bars = statuses.map(([status, count]) =>
    create('span', { class: `bar ${statusTone(status)}`, style: `flex-grow: ${count}` }),
  )
  const legend = statuses.flatMap(([status, count]) => [statusPill(status), ` ${count.toLocaleString('en')}  `])
  return create(
    'section',
    { class: 'card', 'aria-labelledby': 'last-run' },
    create('h2', { id: 'last-run' }, 'Last run'),
    create(
      'p',
      {},
      create('code', {}, command),
      ' · ',
      timeElement(at),
      ` · ${durationText(seconds)} · ${total.toLocaleString('en')} nodes`,
    ),
    create('div', { class: 'stack', 'aria-hidden': 'true' }, ...bars),
    create('p', { class: 'legend' }, ...legend),
  )
}

function failedEntries(store: SiteStore): HTMLElement[] {
  const failed = positions(store).filter((at) => {
    const { status } = store.entry(at)
    return status !== undefined && (statusTone(status) === 'bad' || status === 'warn')
  })
  if (failed.length === 0) return []
  const cells = (at: number) => [kindLabel(kindOf(store.entry(at))), statusPill(store.entry(at).status ?? '')]
  const shown = failed.slice(0, failedShown)
  return [
    create('h2', {}, `Needs a look (${failed.length})`),
    entriesTable(store, shown, { titles: ['Name', 'Kind', 'Status'], cells }),
  ]
}

function slowestEntries(store: SiteStore): HTMLElement[] {
  const slowest = positions(store)
    .filter((at) => (store.entry(at).seconds ?? 0) > 0 && isInLineage(store.entry(at), false))
    .toSorted((a, b) => (store.entry(b).seconds ?? 0) - (store.entry(a).seconds ?? 0))
    .slice(0, slowestShown)
  if (slowest.length === 0) return []
  const cells = (at: number) => [kindLabel(kindOf(store.entry(at))), durationText(store.entry(at).seconds ?? 0)]
  return [
    create('h2', {}, 'What took longest'),
    entriesTable(store, slowest, { titles: ['Name', 'Kind', 'Took'], cells }),
  ]
}

function positions(store: SiteStore): number[] {
  return [...store.index.entries.keys()]
}
