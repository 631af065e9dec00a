import { routeText } from '../src/site-view/route.ts'
import type { IndexEntry } from '../src/site-view/site-data.ts'
import { create } from './dom.ts'
import { kindMark } from './labels.ts'
import type { SiteStore } from './site-store.ts'

export function entryAddress({ id }: Pick<IndexEntry, 'id'>, section?: string): string {
  return routeText({ page: 'entry', id, ...(section === undefined ? {} : { section }) })
}

export function entryLink(store: SiteStore, at: number): HTMLElement {
  const entry = store.entry(at)
  return create('a', { href: entryAddress(entry), class: 'entry-link' }, kindMark(entry), entry.name)
}

export function lineageAddress(select: string): string {
  return routeText({ page: 'lineage', select, exclude: '', withTests: false })
}

/** What selects one entry in a lineage. */
export function selectionOf({ id, name }: IndexEntry): string {
  const kind = id.slice(0, id.indexOf('.'))
  const named = ['source', 'exposure', 'metric', 'semantic_model', 'saved_query']
  return named.includes(kind) ? `${kind}:${name}` : name
}

const listedAtOnce = 200

interface LongListOptions<Item> {
  /** What the items are put into. */
  readonly list: HTMLElement
  /** What stands around it, such as the table of a body. Default: nothing. */
  readonly frame?: HTMLElement
  readonly show: (item: Item) => HTMLElement
}

/** A list of which the rest is shown when it is asked for: thousands of elements take seconds to lay out. */
export function longList<Item>(
  items: readonly Item[],
  { list, frame = list, show }: LongListOptions<Item>,
): HTMLElement {
  let shown = 0
  const holder = create('div', { class: 'long-list' }, frame)
  const more = create('button', { type: 'button', class: 'quiet-button', onclick: () => addRows() })
  const addRows = () => {
    const next = items.slice(shown, shown + listedAtOnce)
    list.append(...next.map((item) => show(item)))
    shown += next.length
    more.textContent = `Show more (${items.length - shown} left)`
    if (shown < items.length) holder.append(more)
    else more.remove()
  }
  addRows()
  return holder
}
