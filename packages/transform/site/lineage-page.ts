import { isInLineage } from '../src/site-view/lineage-graph.ts'
import { selectLineage } from '../src/site-view/lineage-selection.ts'
import { routeText } from '../src/site-view/route.ts'
import type { Route } from '../src/site-view/route.ts'
import { create } from './dom.ts'
import { compareNames } from './labels.ts'
import { LineageView } from './lineage-view.ts'
import { lineageAddress, selectionOf } from './links.ts'
import type { SiteStore } from './site-store.ts'

/** Beyond it a drawing is neither quick nor readable. */
const drawnMax = 1500

/** The lineage of what a selection finds. */
export function lineagePage(store: SiteStore, route: Extract<Route, { page: 'lineage' }>): HTMLElement {
  const { entries, unknown } = selectLineage(store.index.entries, store.graph, route)
  const shown = new Set(
    [...entries].filter((at) => {
      const entry = store.entry(at)
      return isInLineage(entry, route.withTests) && entry.isHidden !== true
    }),
  )
  const isDrawn = shown.size > 0 && shown.size <= drawnMax
  const page = create(
    'div',
    { class: 'lineage-page' },
    create('h1', { tabindex: -1 }, 'Lineage'),
    selectionForm(route),
    create('p', { class: 'hint', role: 'status' }, noteOf(shown.size, unknown)),
  )
  if (!isDrawn) {
    page.append(folderLinks(store, shown))
    return page
  }
  const view = new LineageView(store, { shown, focus: focusOf(store, route.select), wheelZooms: true })
  page.append(view.element)
  // It has a size once it is on the page.
  requestAnimationFrame(() => view.begin())
  return page
}

const foldersShown = 40

/** The largest folders of what is too much to draw, as selections to begin with. */
function folderLinks(store: SiteStore, shown: ReadonlySet<number>): HTMLElement {
  const counts = new Map<string, number>()
  for (const at of shown) {
    const { file = '' } = store.entry(at)
    const folder = file.split('/').slice(0, -1).join('/')
    if (folder !== '') counts.set(folder, (counts.get(folder) ?? 0) + 1)
  }
  const drawable = [...counts].filter(([, count]) => count <= drawnMax)
  const largest = drawable.toSorted(([, a], [, b]) => b - a).slice(0, foldersShown)
  const items = largest
    .toSorted(([a], [b]) => compareNames(a, b))
    .map(([folder, count]) =>
      create('li', {}, create('a', { href: lineageAddress(`path:${folder}`) }, folder), ` ${count}`),
    )
  return create('ul', { class: 'plain folders' }, ...items)
}

function selectionForm(route: Extract<Route, { page: 'lineage' }>): HTMLElement {
  const field = (label: string, name: string, value: string, placeholder: string) =>
    create(
      'label',
      {},
      label,
      create('input', { name, value, placeholder, autocomplete: 'off', spellcheck: 'false', autocapitalize: 'off' }),
    )
  const tests = create('input', { type: 'checkbox', name: 'tests', checked: route.withTests })
  const form = create(
    'form',
    {
      class: 'selection',
      onsubmit: (event) => {
        event.preventDefault()
        const values = new FormData(form)
        const text = (name: string) => {
          const value = values.get(name)
          return typeof value === 'string' ? value.trim() : ''
        }
        location.hash = routeText({
          page: 'lineage',
          select: text('select'),
          exclude: text('exclude'),
          withTests: values.has('tests'),
        })
      },
    },
    field('Select', 'select', route.select, '2+orders+1  tag:nightly  path:models/marts'),
    field('Exclude', 'exclude', route.exclude, 'config.materialized:ephemeral'),
    create('label', { class: 'check' }, tests, 'Tests'),
    create('button', { type: 'submit' }, 'Show'),
  )
  return form
}

function noteOf(count: number, unknown: readonly string[]): string {
  const missing = unknown.length === 0 ? '' : ` Nothing is called ${unknown.join(', ')}.`
  if (count === 0) return `Nothing is selected.${missing}`
  if (count > drawnMax) {
    return `${count} nodes are too many to draw: select fewer, as with 2+orders+2, tag:nightly or path:models/marts.${missing}`
  }
  return `${count} ${count === 1 ? 'node' : 'nodes'}. Drag to move, turn the wheel to zoom, click to open.${missing}`
}

/** The name in a selection of one term: `2+orders+1`. */
function focusOf(store: SiteStore, select: string): number | undefined {
  const name = /^@?(?:\d*\+)?([^+,\s]+?)(?:\+\d*)?$/u.exec(select.trim())?.[1]
  if (name === undefined) return undefined
  const at = store.index.entries.findIndex((entry) => selectionOf(entry) === name)
  return at < 0 ? undefined : at
}

const depthMax = 9

/** The lineage around one entry, as a part of its page: so many steps to each side as the reader asks for. */
export function lineageAround(store: SiteStore, at: number): HTMLElement | undefined {
  if (store.graph.parents(at).length === 0 && !store.graph.children(at).some((child) => isShown(store, child))) return
  const depths = { parents: 1, children: 1 }
  const holder = create('div', { class: 'lineage-holder' })
  const whole = create('a', {}, 'Open')
  const draw = () => {
    const near = (direction: 'parents' | 'children') => store.graph.reachable([at], direction, depths[direction])
    const shown = new Set([at, ...[...near('parents'), ...near('children')].filter((one) => isShown(store, one))])
    const view = new LineageView(store, { shown, focus: at, wheelZooms: false })
    view.element.style.height = `${Math.min(420, Math.max(120, view.naturalHeight))}px`
    holder.replaceChildren(view.element)
    whole.href = lineageAddress(`${depths.parents}+${selectionOf(store.entry(at))}+${depths.children}`)
    requestAnimationFrame(() => view.begin())
  }
  draw()
  const controls = create('div', { class: 'depths' }, ...depthControls(depths, draw), whole)
  return create('div', {}, controls, holder)
}

function isShown(store: SiteStore, at: number): boolean {
  const entry = store.entry(at)
  return isInLineage(entry, false) && entry.isHidden !== true
}

function depthControls(depths: { parents: number; children: number }, draw: () => void): HTMLElement[] {
  return (['parents', 'children'] as const).map((direction) => {
    const value = create('output', {}, String(depths[direction]))
    const step = (by: number) => {
      depths[direction] = Math.max(0, Math.min(depthMax, depths[direction] + by))
      value.textContent = String(depths[direction])
      draw()
    }
    const button = (label: string, text: string, by: number) =>
      create('button', { type: 'button', 'aria-label': `${label} ${direction}`, onclick: () => step(by) }, text)
    const name = direction === 'parents' ? 'Parents' : 'Children'
    return create('span', { class: 'depth' }, name, button('Fewer', '−', -1), value, button('More', '+', 1))
  })
}
