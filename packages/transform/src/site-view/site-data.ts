/*
 * What the generator writes for the browser. The index is read at once, so it holds only what lists, search and lineage
 * need; everything else of an entry stands on its page, and pages are read a part at a time. Keys without a value are
 * left out. An entry is named by its position in `entries`, an id of dbt by its text.
 */

export interface SiteIndex {
  readonly project: SiteProject
  /** The project's own first. HTML that is safe. */
  readonly overviews: readonly { readonly packageName: string; readonly html: string }[]
  readonly entries: readonly IndexEntry[]
  /** Newest first. */
  readonly runs: readonly SiteRun[]
}

export interface SiteProject {
  readonly name: string
  readonly warehouse: string
  /** ISO 8601. */
  readonly generatedAt: string
  readonly dbtVersion: string
}

export interface IndexEntry {
  /** dbt's unique id: kind, package and name, divided by dots. */
  readonly id: string
  /** As `ref` and `source` name it: `orders`, `orders.v2`, `raw.payments`. */
  readonly name: string
  /** The part with its page. */
  readonly part: number
  /** Below the package's folder. */
  readonly file?: string
  readonly relation?: SiteRelation
  readonly materialized?: string
  readonly tags?: readonly string[]
  readonly group?: string
  readonly parents?: readonly number[]
  /** Of the last run that had it; of a source how fresh it is. */
  readonly status?: string
  /** How long that took. */
  readonly seconds?: number
  /** `docs: {show: false}`: not listed, still linked. */
  readonly isHidden?: true
  /** `docs: {node_color}`. */
  readonly color?: string
  /** Of a test: the column that it is about, and what it asks of it: `not_null`. */
  readonly column?: string
  readonly check?: string
}

export interface SiteRelation {
  readonly database: string
  readonly schema: string
  readonly identifier: string
}

export interface SiteRun {
  readonly invocationId: string
  /** ISO 8601. */
  readonly at: string
  /** `build`. */
  readonly command: string
  readonly seconds: number
  /** How many nodes ended with each status. */
  readonly counts: Readonly<Record<string, number>>
}

export interface SitePage {
  /** HTML that is safe. */
  readonly description?: string
  readonly facts: readonly PageFact[]
  readonly columns?: readonly PageColumn[]
  /** What a macro takes. */
  readonly parameters?: readonly PageColumn[]
  /** Entries of data tests and unit tests that look at it. */
  readonly tests?: readonly number[]
  readonly macros?: readonly number[]
  readonly code?: string
  readonly compiledCode?: string
  readonly config?: readonly PageSetting[]
  readonly meta?: readonly PageSetting[]
  readonly constraints?: readonly string[]
  readonly fixtures?: readonly PageFixture[]
  readonly lastRun?: PageRun
  /** Newest first; each names a run of the index by its position. */
  readonly history?: readonly PagePastRun[]
}

export interface PageFact {
  readonly label: string
  readonly text: string
  /** http, https or mailto. */
  readonly link?: string
}

export type PageSetting = readonly [key: string, value: string]

export interface PageColumn {
  readonly name: string
  readonly type?: string
  /** Whether the warehouse has it; absent where the warehouse was not asked. */
  readonly isMissing?: true
  /** HTML that is safe. */
  readonly description?: string
  readonly tags?: readonly string[]
  readonly meta?: readonly PageSetting[]
  readonly constraints?: readonly string[]
  /** Entries of the tests on it. */
  readonly tests?: readonly number[]
}

/** Rows that a unit test gives or expects. */
export interface PageFixture {
  readonly title: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** In place of rows: SQL or CSV. */
  readonly text?: string
}

export interface PageRun {
  readonly status: string
  /** ISO 8601. */
  readonly at: string
  readonly command: string
  readonly seconds: number
  readonly message?: string
  readonly failures?: number
  readonly rowsAffected?: number
  readonly steps: readonly { readonly name: string; readonly startedAt: string; readonly seconds: number }[]
}

export interface PagePastRun {
  readonly run: number
  readonly status: string
  readonly seconds: number
}

/** Pages of one part, by their entries' positions. */
export type SitePart = Readonly<Record<string, SitePage>>

/** What search looks at besides the index, entry by entry. */
export interface SearchText {
  readonly columns?: readonly string[]
  readonly description?: string
  /** Words of its code, each once, divided by spaces. */
  readonly code?: string
}

/** The kind of an entry, which its id begins with: `model`. */
export function kindOf({ id }: Pick<IndexEntry, 'id'>): string {
  return id.slice(0, id.indexOf('.'))
}

export function packageOf({ id }: Pick<IndexEntry, 'id'>): string {
  return id.split('.', 2)[1] ?? ''
}
