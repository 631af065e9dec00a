import { kindOf, packageOf } from '../src/site-view/site-data.ts'
import type { IndexEntry } from '../src/site-view/site-data.ts'
import { create } from './dom.ts'
import { compareNames, kindMark, kindsLabel } from './labels.ts'
import { entryAddress, longList } from './links.ts'
import type { SiteStore } from './site-store.ts'

/** A folder of the tree: subfolders by name, then entries. */
interface Folder {
  readonly name: string
  readonly folders: Map<string, Folder>
  readonly entries: { readonly at: number; readonly name: string }[]
}

const flatKinds = ['exposure', 'metric', 'semantic_model', 'saved_query']

/** The tree at the side: by the project's folders, or by databases and schemas. */
export class Navigation {
  readonly element: HTMLElement
  readonly #store: SiteStore
  readonly #tree = create('div', { class: 'tree' })
  readonly #tabs: HTMLButtonElement[]
  #current: number | undefined

  constructor(store: SiteStore) {
    this.#store = store
    this.#tabs = [
      create('button', { type: 'button', onclick: () => this.#show(projectTree(store), 0) }, 'Project'),
      create('button', { type: 'button', onclick: () => this.#show(databaseTree(store), 1) }, 'Database'),
    ]
    const tabs = create('div', { class: 'tabs', role: 'group', 'aria-label': 'Order of the tree' }, ...this.#tabs)
    this.element = create('nav', { 'aria-label': 'Models and sources', id: 'navigation' }, tabs, this.#tree)
    this.#show(projectTree(store), 0)
  }

  /** Marks the entry of the page, opens the folders above it, and brings it into sight. */
  mark(at: number | undefined): void {
    this.#current = at
    for (const link of this.#tree.querySelectorAll('[aria-current]')) link.removeAttribute('aria-current')
    if (at === undefined) return
    for (let holder = this.#closedHolder(at); holder !== undefined; holder = this.#closedHolder(at)) openFolder(holder)
    this.#markLink()
  }

  #show(tree: Folder, tab: number): void {
    for (const [at, button] of this.#tabs.entries()) button.setAttribute('aria-pressed', String(at === tab))
    this.#tree.replaceChildren(this.#list(tree))
    const only = tree.folders.size === 1 ? this.#tree.querySelector('li') : null
    if (only !== null) openFolder(only)
    if (this.#current !== undefined) this.mark(this.#current)
  }

  /** A folder that the entry is in and that is not open; those within it are made when it is. */
  #closedHolder(at: number): Element | undefined {
    const closed = [...this.#tree.querySelectorAll('button[aria-expanded="false"]')].map(
      ({ parentElement }) => parentElement,
    )
    return closed.find((item) => item !== null && folderHolds.get(item)?.has(at) === true) ?? undefined
  }

  #markLink(): void {
    const link = this.#tree.querySelector<HTMLElement>(`[data-entry="${this.#current}"]`)
    if (link === null) return
    link.setAttribute('aria-current', 'page')
    link.scrollIntoView({ block: 'nearest' })
  }

  #list({ folders, entries }: Folder): HTMLElement {
    const list = create('ul', {}, ...[...folders.values()].map((folder) => this.#folder(folder)))
    const show = ({ at, name }: Folder['entries'][number]) => {
      const entry = this.#store.entry(at)
      const link = create('a', { href: entryAddress(entry), 'data-entry': at, title: name }, kindMark(entry), name)
      return create('li', {}, link)
    }
    return longList(entries, { list, show })
  }

  /** Its content is made when it is opened for the first time. */
  #folder(folder: Folder): HTMLElement {
    const button = create(
      'button',
      { type: 'button', 'aria-expanded': 'false', onclick: () => toggle() },
      folder.name,
      create('span', { class: 'count' }, String(countOf(folder))),
    )
    const item = create('li', {}, button)
    const toggle = () => {
      const isOpen = button.getAttribute('aria-expanded') === 'true'
      button.setAttribute('aria-expanded', String(!isOpen))
      const content = item.querySelector<HTMLElement>(':scope > .long-list')
      if (content === null) item.append(this.#list(folder))
      else content.hidden = isOpen
    }
    folderHolds.set(item, new Set(entriesBelow(folder)))
    return item
  }
}

/** The entries below the folder of a list item. */
const folderHolds = new WeakMap<Element, ReadonlySet<number>>()

function openFolder(item: Element): void {
  const button = item.querySelector(':scope > button')
  if (button?.getAttribute('aria-expanded') === 'false') (button as HTMLElement).click()
}

function createFolder(name: string): Folder {
  return { name, folders: new Map(), entries: [] }
}

function folderAt(root: Folder, path: readonly string[]): Folder {
  let folder = root
  for (const name of path) {
    let next = folder.folders.get(name)
    if (next === undefined) folder.folders.set(name, (next = createFolder(name)))
    folder = next
  }
  return folder
}

function projectTree({ index }: SiteStore): Folder {
  const root = createFolder('')
  const own = index.project.name
  // The order of the first level: sources, the project, what is flat, other packages.
  folderAt(root, ['Sources'])
  folderAt(root, [own])
  for (const kind of flatKinds) folderAt(root, [kindsLabel(kind)])
  for (const [at, entry] of index.entries.entries()) {
    if (entry.isHidden || entry.check !== undefined || kindOf(entry) === 'unit_test') continue
    folderAt(root, projectPath(entry)).entries.push({ at, name: shortName(entry) })
  }
  for (const [name, folder] of root.folders) if (countOf(folder) === 0) root.folders.delete(name)
  return sorted(root, 0)
}

function projectPath(entry: IndexEntry): string[] {
  const kind = kindOf(entry)
  if (kind === 'source') return ['Sources', entry.name.slice(0, entry.name.indexOf('.'))]
  if (flatKinds.includes(kind)) return [kindsLabel(kind)]
  return [packageOf(entry), ...(entry.file ?? '').split('/').slice(0, -1)]
}

function shortName(entry: IndexEntry): string {
  return kindOf(entry) === 'source' ? entry.name.slice(entry.name.indexOf('.') + 1) : entry.name
}

function databaseTree({ index }: SiteStore): Folder {
  const root = createFolder('')
  for (const [at, { relation, isHidden }] of index.entries.entries()) {
    if (relation === undefined || isHidden) continue
    folderAt(root, [relation.database, relation.schema]).entries.push({ at, name: relation.identifier })
  }
  return sorted(root)
}

/** `fromDepth`: the levels above stay as they are. */
function sorted(folder: Folder, fromDepth = -1): Folder {
  const folders = [...folder.folders].map(([name, inner]): [string, Folder] => [name, sorted(inner, fromDepth - 1)])
  if (fromDepth < 0) folders.sort(([a], [b]) => compareNames(a, b))
  folder.entries.sort((a, b) => compareNames(a.name, b.name))
  return { ...folder, folders: new Map(folders) }
}

function entriesBelow({ folders, entries }: Folder): number[] {
  return [...entries.map(({ at }) => at), ...[...folders.values()].flatMap(entriesBelow)]
}

function countOf(folder: Folder): number {
  return folder.entries.length + [...folder.folders.values()].reduce((sum, inner) => sum + countOf(inner), 0)
}
