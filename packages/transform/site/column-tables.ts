import type { PageColumn } from '../src/site-view/site-data.ts'
import { create, createProse } from './dom.ts'
import { statusTone } from './labels.ts'
import { entryAddress } from './links.ts'
import type { SiteStore } from './site-store.ts'
import { table } from './tables.ts'

/** Columns with their types, descriptions, constraints, and the last status of every test on them. */
export function columnsTable(store: SiteStore, columns: readonly PageColumn[]): HTMLElement {
  const rows = columns.map((column) =>
    create(
      'tr',
      { id: `column-${column.name.toLowerCase()}` },
      nameCell(column),
      create('td', { class: 'type' }, column.type ?? ''),
      create('td', {}, ...details(column)),
      create('td', {}, create('div', { class: 'chips' }, ...(column.tests ?? []).map((test) => testChip(store, test)))),
    ),
  )
  return table(['Column', 'Type', 'Description', 'Tests'], rows, 'columns')
}

export function parametersTable(parameters: readonly PageColumn[]): HTMLElement {
  const rows = parameters.map((parameter) =>
    create(
      'tr',
      {},
      nameCell(parameter),
      create('td', { class: 'type' }, parameter.type ?? ''),
      create('td', {}, ...details(parameter)),
    ),
  )
  return table(['Parameter', 'Type', 'Description'], rows, 'columns')
}

function nameCell({ name, isMissing }: PageColumn): HTMLElement {
  const hint = isMissing === true && create('span', { class: 'missing' }, 'not in the warehouse')
  return create('th', { scope: 'row' }, create('code', {}, name), hint)
}

function details({ description, constraints = [], tags = [], meta = [] }: PageColumn): (Node | string)[] {
  const notes = [
    ...constraints.map((text) => create('span', { class: 'chip' }, text)),
    ...tags.map((tag) => create('span', { class: 'chip' }, `tag: ${tag}`)),
    ...meta.map(([key, value]) => create('span', { class: 'chip' }, `${key}: ${value}`)),
  ]
  return [
    ...(description === undefined ? [] : [createProse(description)]),
    ...(notes.length === 0 ? [] : [create('div', { class: 'chips' }, ...notes)]),
  ]
}

function testChip(store: SiteStore, at: number): HTMLElement {
  const entry = store.entry(at)
  const tone = entry.status === undefined ? 'quiet' : statusTone(entry.status)
  const label = `${entry.check ?? entry.name}${entry.status === undefined ? '' : `: ${entry.status}`}`
  return create('a', { href: entryAddress(entry), class: `chip ${tone}`, title: label }, entry.check ?? entry.name)
}
