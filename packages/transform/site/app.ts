import { parseRoute } from '../src/site-view/route.ts'
import type { Route } from '../src/site-view/route.ts'
import type { SiteIndex } from '../src/site-view/site-data.ts'
import { create } from './dom.ts'
import { entryPage } from './entry-page.ts'
import { lineagePage } from './lineage-page.ts'
import { lineageAddress } from './links.ts'
import { listPage } from './list-page.ts'
import { Navigation } from './navigation.ts'
import { overviewPage } from './overview-page.ts'
import { SearchDialog } from './search-dialog.ts'
import { DataReader, SiteStore } from './site-store.ts'
import { createThemeButton } from './theme.ts'

/** The site: a header, the tree at the side, and the page that the address names. */
class App {
  readonly #store: SiteStore
  readonly #navigation: Navigation
  readonly #main = create('main', { id: 'main' })
  #shown = ''

  constructor(store: SiteStore, root: HTMLElement) {
    this.#store = store
    this.#navigation = new Navigation(store)
    const search = new SearchDialog(store)
    root.replaceChildren(
      create('a', { href: '#main', class: 'skip', onclick: (event) => this.#skip(event) }, 'Skip to content'),
      this.#header(search),
      create('div', { class: 'columns-of-page' }, this.#navigation.element, this.#main),
      search.element,
    )
    addEventListener('hashchange', () => void this.show())
    this.#main.addEventListener('click', (event) => this.#onSectionLink(event))
  }

  async show(): Promise<void> {
    const { hash } = location
    const route = parseRoute(hash)
    const pageAddress = route.page === 'entry' ? route.id : hash
    this.#closeTree()
    if (pageAddress !== this.#shown || this.#main.childElementCount === 0) {
      const content = await this.#content(route)
      // The reader has gone on while the page came.
      if (hash !== location.hash) return
      this.#main.replaceChildren(content)
      this.#main.classList.toggle('wide', route.page === 'lineage')
      this.#shown = pageAddress
      const heading = content.querySelector('h1')
      const { name } = this.#store.index.project
      document.title = `${heading?.textContent ?? name} – ${name}`
      heading?.focus({ preventScroll: true })
      scrollTo(0, 0)
      this.#navigation.mark(route.page === 'entry' ? this.#store.find(route.id) : undefined)
    }
    if (route.page === 'entry' && route.section !== undefined) goToSection(route.section)
  }

  async #content(route: Route): Promise<HTMLElement> {
    switch (route.page) {
      case 'overview':
        return overviewPage(this.#store, route.packageName)
      case 'list':
        return listPage(this.#store, route.kind)
      case 'lineage':
        return lineagePage(this.#store, route)
      case 'entry': {
        const at = this.#store.find(route.id)
        if (at === undefined) return message('Not found', `There is no ${route.id} in this project.`)
        try {
          const page = await this.#store.page(at)
          return page === undefined ? staleMessage() : entryPage(this.#store, at, page)
        } catch {
          return staleMessage()
        }
      }
    }
  }

  #header(search: SearchDialog): HTMLElement {
    const { name } = this.#store.index.project
    const menu = create(
      'button',
      {
        type: 'button',
        class: 'menu',
        'aria-label': 'Tree',
        'aria-controls': 'navigation',
        'aria-expanded': 'false',
        onclick: () => menu.setAttribute('aria-expanded', String(document.body.classList.toggle('tree-open'))),
      },
      '☰',
    )
    const keys = create('kbd', {}, '/')
    return create(
      'header',
      { class: 'top' },
      menu,
      create('a', { href: '#!/overview', class: 'title' }, name),
      create('button', { type: 'button', class: 'search-button', onclick: () => search.open() }, 'Search', keys),
      create('a', { href: lineageAddress('') }, 'Lineage'),
      createThemeButton(),
    )
  }

  #closeTree(): void {
    document.body.classList.remove('tree-open')
    document.querySelector('.menu')?.setAttribute('aria-expanded', 'false')
  }

  #skip(event: Event): void {
    event.preventDefault()
    this.#main.querySelector<HTMLElement>('h1')?.focus()
  }

  /** A link to a part of the page keeps the page's own address in front, so that it can be sent to others. */
  #onSectionLink(event: Event): void {
    if (!(event.target instanceof HTMLElement)) return
    const section = event.target.dataset['section']
    if (section === undefined) return
    event.preventDefault()
    const [, page = ''] = location.hash.split('#')
    history.replaceState(null, '', `#${page}#${section}`)
    goToSection(section)
  }
}

function goToSection(section: string): void {
  const element = document.getElementById(section.startsWith('column-') ? section.toLowerCase() : section)
  element?.scrollIntoView()
  element?.classList.add('target')
}

function message(title: string, text: string): HTMLElement {
  return create('article', {}, create('h1', { tabindex: -1 }, title), create('p', {}, text))
}

/** The site was generated anew behind an open page. */
function staleMessage(): HTMLElement {
  const reload = create('button', { type: 'button', onclick: () => location.reload() }, 'Load it again')
  const article = message('This page cannot be read', 'The site seems to have been written anew since it was opened.')
  article.append(reload)
  return article
}

async function start(): Promise<void> {
  const reader = new DataReader()
  const index = await reader.read<SiteIndex>('index', true)
  await new App(new SiteStore(index, reader), document.querySelector<HTMLElement>('#app')!).show()
}

void start()
