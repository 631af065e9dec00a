import type { SearchText, SiteIndex, SitePage } from '../site-view/site-data.ts'
import { MarkdownRenderer } from './markdown.ts'
import { searchText } from './search-texts.ts'
import { siteEntries } from './site-entries.ts'
import { siteIndex, siteScope } from './site-index.ts'
import type { SiteMaterial } from './site-material.ts'
import { sitePage } from './site-page.ts'

/** A site as data: each text is JSON that holds nowhere a `<`, so that it may stand within HTML. */
export interface BuiltSite {
  readonly index: SiteIndex
  readonly indexText: string
  readonly searchTexts: string
  /** Of type `SitePart` each. */
  readonly parts: readonly string[]
}

/** What a browser reads in one go: small enough to be there at once, large enough not to be thousands of files. */
const partLengthMax = 256 * 1024

/** Makes the data of a site from the artifacts of a project. Pure. */
export function buildSite(material: SiteMaterial): BuiltSite {
  const entries = siteEntries(material.manifest)
  const scope = siteScope(material, entries, new MarkdownRenderer())
  const packer = new PartPacker()
  const texts: SearchText[] = []
  const parts = entries.map((entry, at) => {
    const page = sitePage(scope, entry)
    texts.push(searchText(entry, page))
    return packer.add(at, page)
  })
  const index = siteIndex(scope, parts)
  return { index, indexText: jsonForHtml(index), searchTexts: jsonForHtml(texts), parts: packer.finish() }
}

/** Puts pages one after the other into parts. */
class PartPacker {
  readonly #parts: string[] = []
  #members: string[] = []
  #length = 0

  /** Returns the part in which the page stands. */
  add(at: number, page: SitePage): number {
    const member = `"${at}":${jsonForHtml(page)}`
    if (this.#length > 0 && this.#length + member.length > partLengthMax) this.#close()
    this.#members.push(member)
    this.#length += member.length
    return this.#parts.length
  }

  finish(): readonly string[] {
    if (this.#members.length > 0) this.#close()
    return this.#parts
  }

  #close(): void {
    this.#parts.push(`{${this.#members.join(',')}}`)
    this.#members = []
    this.#length = 0
  }
}

/** Without `<`, JSON cannot end the script element that it stands in. */
function jsonForHtml(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', String.raw`\u003c`)
}
