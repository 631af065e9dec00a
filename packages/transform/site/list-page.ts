import { kindOf, packageOf } from '../src/site-view/site-data.ts'
import type { IndexEntry } from '../src/site-view/site-data.ts'
import { create } from './dom.ts'
import { compareNames, durationText, kindsLabel, statusPill } from './labels.ts'
import type { SiteStore } from './site-store.ts'
import { entriesTable } from './tables.ts'

const orders: Readonly<Record<string, (a: IndexEntry, b: IndexEntry) => number>> = {
  Name: (a, b) => compareNames(a.name, b.name),
  Status: (a, b) => (a.status ?? '~').localeCompare(b.status ?? '~'),
  'Time, longest first': (a, b) => (b.seconds ?? -1) - (a.seconds ?? -1),
}

/** All entries of a kind, to be narrowed down and put in order. */
export function listPage(store: SiteStore, kind: string): HTMLElement {
  const holder = create('div')
  const filter = create('input', { type: 'search', placeholder: 'Name, schema, tag', oninput: () => show() })
  const order = create(
    'select',
    { onchange: () => show() },
    ...Object.keys(orders).map((name) => create('option', {}, name)),
  )
  const all = [...store.index.entries.keys()].filter((at) => {
    const entry = store.entry(at)
    return kindOf(entry) === kind && entry.isHidden !== true
  })
  const show = () => {
    const words = filter.value.toLowerCase().split(/\s+/u).filter(Boolean)
    const compare = orders[order.value] ?? orders['Name']!
    const found = all
      .filter((at) => words.every((word) => textOf(store.entry(at)).includes(word)))
      .toSorted((a, b) => compare(store.entry(a), store.entry(b)))
    holder.replaceChildren(entriesTable(store, found, { titles: ['Name', 'Where', 'As', 'Status', 'Took'], cells }))
  }
  const cells = (at: number) => {
    const { relation, materialized = '', check = '', status, seconds, ...entry } = store.entry(at)
    return [
      relation?.schema ?? packageOf(entry),
      materialized || check,
      status === undefined ? '' : statusPill(status),
      seconds === undefined ? '' : durationText(seconds),
    ]
  }
  show()
  return create(
    'article',
    {},
    create('h1', { tabindex: -1 }, `${kindsLabel(kind)} (${all.length.toLocaleString('en')})`),
    create('div', { class: 'selection' }, create('label', {}, 'Only', filter), create('label', {}, 'Order', order)),
    holder,
  )
}

function textOf({ name, relation, tags = [] }: IndexEntry): string {
  return [name, relation?.schema ?? '', ...tags].join(' ').toLowerCase()
}
