import { LineageGraph } from '../src/site-view/lineage-graph.ts'
import { searchIndex } from '../src/site-view/search-entries.ts'
import type { SearchIndex } from '../src/site-view/search-entries.ts'
import type { IndexEntry, SearchText, SiteIndex, SitePage, SitePart } from '../src/site-view/site-data.ts'

/** Reads data of the site: from an element of the page where it stands in one, else by a script of `docs/data`. */
export class DataReader {
  readonly #waiting = new Map<string, (data: unknown) => void>()

  constructor() {
    // What the scripts of `docs/data` call.
    Object.assign(globalThis, { eclusaSite: (name: string, data: unknown) => this.#waiting.get(name)?.(data) })
  }

  /** `isRequested`: whether the page itself has the script already. */
  async read<Data>(name: string, isRequested = false): Promise<Data> {
    const element = document.querySelector(`#site-${name}`)
    if (element !== null) return JSON.parse(element.textContent) as Data
    return await new Promise<Data>((resolve, reject) => {
      this.#waiting.set(name, (data) => resolve(data as Data))
      if (isRequested) return
      const script = document.createElement('script')
      script.src = `docs/data/${name}.js`
      script.addEventListener('error', () => reject(new Error(`docs/data/${name}.js cannot be read.`)))
      script.addEventListener('load', () => script.remove())
      document.head.append(script)
    })
  }
}

/** The site's data: the index is there, the rest comes when it is asked for, and stays. */
export class SiteStore {
  readonly index: SiteIndex
  readonly graph: LineageGraph
  readonly #reader: DataReader
  readonly #positions: ReadonlyMap<string, number>
  readonly #parts = new Map<number, Promise<SitePart>>()
  #search: Promise<SearchIndex> | undefined

  constructor(index: SiteIndex, reader: DataReader) {
    this.index = index
    this.graph = new LineageGraph(index.entries)
    this.#reader = reader
    this.#positions = new Map(index.entries.map(({ id }, at) => [id, at]))
  }

  entry(at: number): IndexEntry {
    return this.index.entries[at]!
  }

  find(id: string): number | undefined {
    return this.#positions.get(id)
  }

  async page(at: number): Promise<SitePage | undefined> {
    const { part } = this.entry(at)
    let reading = this.#parts.get(part)
    if (reading === undefined) {
      reading = this.#reader.read<SitePart>(`part-${part}`)
      this.#parts.set(part, reading)
    }
    return (await reading)[at]
  }

  async searchIndex(): Promise<SearchIndex> {
    this.#search ??= this.#reader
      .read<readonly SearchText[]>('search')
      .then((texts) => searchIndex(this.index.entries, texts))
    return await this.#search
  }
}
