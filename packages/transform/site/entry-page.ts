import { kindOf } from '../src/site-view/site-data.ts'
import type { IndexEntry, SitePage } from '../src/site-view/site-data.ts'
import { codeView } from './code-view.ts'
import { create, createProse } from './dom.ts'
import type { Child } from './dom.ts'
import { columnsTable, parametersTable } from './column-tables.ts'
import { isInLineage } from '../src/site-view/lineage-graph.ts'
import { kindLabel, kindMark, kindsLabel, statusPill } from './labels.ts'
import { lineageAround } from './lineage-page.ts'
import { entryLink, longList } from './links.ts'
import { runsSection } from './run-section.ts'
import type { SiteStore } from './site-store.ts'
import { fixtureTables, settingsTable, testsTable } from './tables.ts'

/** The page of one entry. */
export function entryPage(store: SiteStore, at: number, page: SitePage): HTMLElement {
  const entry = store.entry(at)
  const kind = kindOf(entry)
  const sections = [
    section('description', 'Description', page.description !== undefined && createProse(page.description)),
    section('lineage', 'Lineage', kind !== 'macro' && lineageAround(store, at)),
    section('columns', 'Columns', page.columns !== undefined && columnsTable(store, page.columns)),
    section('parameters', 'Parameters', page.parameters !== undefined && parametersTable(page.parameters)),
    section('fixtures', 'Rows', page.fixtures !== undefined && fixtureTables(page.fixtures)),
    section('constraints', 'Constraints', page.constraints !== undefined && textList(page.constraints)),
    section('tests', 'Tests', page.tests !== undefined && testsTable(store, page.tests)),
    section('depends_on', 'Depends on', dependencies(store, [...store.graph.parents(at), ...(page.macros ?? [])])),
    section('referenced_by', 'Referenced by', dependencies(store, readersOf(store, at))),
    section('code', 'Code', codeOf(kind, page)),
    section('runs', 'Runs', runsSection(store, page)),
    section('config', 'Configuration', page.config !== undefined && settingsTable(page.config)),
    section('meta', 'Meta', page.meta !== undefined && settingsTable(page.meta)),
  ].filter((one) => one !== undefined)
  const contents = sections.map(({ id, title }) => create('a', { href: `#${id}`, 'data-section': id }, title))
  return create(
    'article',
    { class: 'entry' },
    header(entry, page),
    sections.length > 2 && create('nav', { class: 'contents', 'aria-label': 'On this page' }, ...contents),
    ...sections.map(({ element }) => element),
  )
}

function section(id: string, title: string, content: Child) {
  if (content === undefined || content === false) return undefined
  const heading = create('h2', { id: `${id}-title` }, title)
  return { id, title, element: create('section', { id, 'aria-labelledby': `${id}-title` }, heading, content) }
}

function header(entry: IndexEntry, page: SitePage): HTMLElement {
  const kind = kindOf(entry)
  const what = [kindLabel(kind), entry.materialized === kind ? undefined : entry.materialized, entry.check]
  const facts = page.facts.flatMap(({ label, text, link }) => [
    create('dt', {}, label),
    create('dd', {}, link === undefined ? text : create('a', { href: link, rel: 'noopener noreferrer' }, text)),
  ])
  return create(
    'header',
    {},
    create(
      'p',
      { class: 'kind' },
      kindMark(entry),
      what.filter((text) => text !== undefined && text !== '').join(' · '),
      entry.status !== undefined && statusPill(entry.status),
    ),
    create('h1', { tabindex: -1 }, entry.name),
    entry.tags !== undefined && create('p', { class: 'tags' }, ...entry.tags.map((tag) => create('span', {}, tag))),
    create('dl', { class: 'facts' }, ...facts),
  )
}

function textList(texts: readonly string[]): HTMLElement {
  return create('ul', { class: 'plain' }, ...texts.map((text) => create('li', {}, create('code', {}, text))))
}

/** Tests are listed by themselves. */
function readersOf(store: SiteStore, at: number): number[] {
  return store.graph.children(at).filter((child) => isInLineage(store.entry(child), false))
}

function dependencies(store: SiteStore, positions: readonly number[]): HTMLElement | undefined {
  if (positions.length === 0) return undefined
  const byKind = Map.groupBy(positions, (at) => kindOf(store.entry(at)))
  const groups = [...byKind].map(([kind, group]) => {
    const list = create('ul', { class: 'plain' })
    const show = (at: number) => create('li', {}, entryLink(store, at))
    return create('div', {}, create('h3', {}, kindsLabel(kind)), longList(group, { list, show }))
  })
  return create('div', { class: 'groups' }, ...groups)
}

function codeOf(kind: string, { code, compiledCode }: SitePage): HTMLElement | undefined {
  const texts = [
    ...(code === undefined ? [] : [{ label: kind === 'macro' ? 'Jinja' : 'Source', code }]),
    ...(compiledCode === undefined ? [] : [{ label: 'Compiled', code: compiledCode }]),
  ]
  return texts.length === 0 ? undefined : codeView(texts)
}
