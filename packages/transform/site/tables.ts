import type { PageFixture, PageSetting } from '../src/site-view/site-data.ts'
import { create } from './dom.ts'
import { durationText, statusPill } from './labels.ts'
import { entryLink, longList } from './links.ts'
import type { SiteStore } from './site-store.ts'

/** A table that scrolls by itself where it is wider than the page. */
export function table(titles: readonly string[], rows: readonly HTMLElement[], className = ''): HTMLElement {
  const { element, body } = emptyTable(titles, className)
  body.append(...rows)
  return element
}

function emptyTable(titles: readonly string[], className: string) {
  const body = create('tbody')
  const head = create('thead', {}, create('tr', {}, ...titles.map((title) => create('th', { scope: 'col' }, title))))
  return { body, element: create('div', { class: 'scroll' }, create('table', { class: className }, head, body)) }
}

/** The tests of a node, those that failed first. */
export function testsTable(store: SiteStore, tests: readonly number[]): HTMLElement {
  return entriesTable(store, tests, {
    titles: ['Test', 'Column', 'Last status', 'Took'],
    cells: (at) => {
      const { column = '', status, seconds } = store.entry(at)
      return [
        column,
        status === undefined ? '' : statusPill(status),
        seconds === undefined ? '' : durationText(seconds),
      ]
    },
  })
}

export interface EntriesTableOptions {
  readonly titles: readonly string[]
  /** Of the columns behind the name. */
  readonly cells: (at: number) => readonly (string | HTMLElement)[]
}

/** A row for every entry; the first column is a link to it. */
export function entriesTable(store: SiteStore, entries: readonly number[], options: EntriesTableOptions): HTMLElement {
  const { element, body } = emptyTable(options.titles, 'entries')
  const show = (at: number) =>
    create(
      'tr',
      {},
      create('th', { scope: 'row' }, entryLink(store, at)),
      ...options.cells(at).map((cell) => create('td', {}, cell)),
    )
  return longList(entries, { list: body, frame: element, show })
}

export function settingsTable(settings: readonly PageSetting[]): HTMLElement {
  const items = settings.flatMap(([key, value]) => [
    create('dt', {}, key),
    create('dd', {}, value.includes('\n') ? create('pre', {}, value) : create('code', {}, value)),
  ])
  return create('dl', { class: 'facts' }, ...items)
}

/** What a unit test gives and expects. */
export function fixtureTables(fixtures: readonly PageFixture[]): HTMLElement {
  const parts = fixtures.map(({ title, columns, rows, text }) => {
    const cells = rows.map((row) => create('tr', {}, ...row.map((cell) => create('td', {}, cell))))
    const content = text === undefined ? table(columns, cells) : create('pre', { class: 'text' }, text)
    return create('div', {}, create('h3', {}, title), content)
  })
  return create('div', {}, ...parts)
}
