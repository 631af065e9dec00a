import { searchEntries } from '../src/site-view/search-entries.ts'
import type { SearchHit } from '../src/site-view/search-entries.ts'
import { kindOf, packageOf } from '../src/site-view/site-data.ts'
import { create } from './dom.ts'
import { kindLabel, kindMark } from './labels.ts'
import { entryAddress } from './links.ts'
import type { SiteStore } from './site-store.ts'

const hitsShown = 50
const fieldLabels = { name: '', column: 'column', tag: 'tag', description: '', file: 'file', code: 'in its code:' }

/** Search over everything, in a dialog: `/` or Ctrl-K opens it, arrows choose, Enter goes there. */
export class SearchDialog {
  readonly element: HTMLDialogElement
  readonly #store: SiteStore
  readonly #input = create('input', {
    type: 'search',
    placeholder: 'Name, column, tag, description, SQL',
    'aria-label': 'Search',
    role: 'combobox',
    'aria-expanded': 'true',
    'aria-controls': 'hits',
    'aria-autocomplete': 'list',
    autocomplete: 'off',
    spellcheck: 'false',
    oninput: () => void this.#search(),
    onkeydown: (event) => this.#onKey(event as KeyboardEvent),
  })
  readonly #hits = create('ul', { id: 'hits', role: 'listbox', 'aria-label': 'What was found' })
  readonly #summary = create('p', { class: 'hint', role: 'status' })
  #chosen = 0

  constructor(store: SiteStore) {
    this.#store = store
    const close = create(
      'button',
      { type: 'button', class: 'quiet-button', onclick: () => this.element.close() },
      'Close',
    )
    const row = create('div', { class: 'search-row' }, this.#input, close)
    this.element = create('dialog', { class: 'search', 'aria-label': 'Search' }, row, this.#summary, this.#hits)
    // A click beside the dialog's content is a click on the dialog itself.
    this.element.addEventListener('click', (event) => {
      if (event.target === this.element) this.element.close()
    })
    document.addEventListener('keydown', (event) => {
      const isTyping = event.target instanceof HTMLElement && event.target.matches('input, textarea, select')
      const isSlash = event.key === '/' && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey
      if (!isSlash && !(event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey))) return
      event.preventDefault()
      this.open()
    })
  }

  open(): void {
    if (!this.element.open) this.element.showModal()
    this.#input.select()
    void this.#search()
  }

  async #search(): Promise<void> {
    const query = this.#input.value
    const index = await this.#store.searchIndex()
    // Something else was typed while the index came.
    if (query !== this.#input.value) return
    const hits = searchEntries(index, query, hitsShown)
    this.#summary.textContent = summaryOf(query, hits.length)
    this.#hits.replaceChildren(...hits.map((hit, at) => this.#hit(hit, at)))
    this.#choose(0)
  }

  #hit({ entry: position, found }: SearchHit, at: number): HTMLElement {
    const entry = this.#store.entry(position)
    const detail = found.field === 'name' ? '' : `${fieldLabels[found.field]} ${found.text}`.trim()
    const place = [kindLabel(kindOf(entry)), entry.relation?.schema ?? packageOf(entry)].join(' · ')
    const section = found.field === 'column' ? `column-${found.text}` : undefined
    const link = create(
      'a',
      {
        href: entryAddress(entry, section),
        role: 'option',
        id: `hit-${at}`,
        tabindex: -1,
        onclick: () => this.element.close(),
        onpointermove: () => this.#choose(at, false),
      },
      kindMark(entry),
      create('span', { class: 'hit-name' }, entry.name),
      create('span', { class: 'hit-place' }, place),
      detail !== '' && create('span', { class: 'hit-detail' }, detail),
    )
    return create('li', { role: 'presentation' }, link)
  }

  #onKey(event: KeyboardEvent): void {
    const count = this.#hits.children.length
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      this.#choose((this.#chosen + (event.key === 'ArrowDown' ? 1 : count - 1)) % Math.max(count, 1))
    } else if (event.key === 'Enter') {
      event.preventDefault()
      this.#hits.querySelectorAll('a')[this.#chosen]?.click()
    }
  }

  #choose(at: number, scroll = true): void {
    this.#chosen = at
    for (const [position, hit] of this.#hits.querySelectorAll('a').entries()) {
      hit.setAttribute('aria-selected', String(position === at))
      if (position === at && scroll) hit.scrollIntoView({ block: 'nearest' })
    }
    this.#input.setAttribute('aria-activedescendant', this.#hits.children.length > 0 ? `hit-${at}` : '')
  }
}

function summaryOf(query: string, count: number): string {
  if (query.trim() === '') return 'Every word must be found. Arrows choose, Enter opens.'
  if (count === 0) return 'Nothing found.'
  return count === hitsShown ? `The best ${count}` : `${count} found`
}
