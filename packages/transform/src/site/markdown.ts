import createMarkdown from 'markdown-it'

/** HTML that descriptions may contain. Attributes are dropped, but for the target of a link or an image. */
const allowedTags = new Set(
  (
    'a abbr b blockquote br caption center cite code dd del details dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i img ins kbd ' +
    'li mark ol p pre q s samp small span strike strong sub summary sup table tbody td tfoot th thead tr u ul var'
  ).split(' '),
)

/** The headings of a page itself are h1 and h2: those of a description come below. */
const headingOffset = 2
const { unescapeAll } = createMarkdown().utils
const plainText = /^[\p{L}\p{N} ,.;'()%/$€?-]*$/u

/**
 * Renders what users wrote as Markdown to HTML that a page may contain whatever was written: only harmless tags remain,
 * everything else is shown as the text that it is, and links lead to http, https, mailto or into the site.
 */
export class MarkdownRenderer {
  readonly #engine = createEngine()
  /** The same description stands at many columns. */
  readonly #known = new Map<string, string>()

  /** A whole text: paragraphs, headings, lists. Undefined for one that is empty. */
  render(text: string | null | undefined): string | undefined {
    const source = text?.trim() ?? ''
    if (source === '') return undefined
    const known = this.#known.get(source)
    if (known !== undefined) return known
    // `1. of May` would be a list.
    const isPlain = plainText.test(source) && !/^[\d-]/u.test(source)
    const html = isPlain ? `<p>${source}</p>` : this.#engine.render(source)
    this.#known.set(source, html)
    return html
  }
}

function createEngine() {
  const engine = createMarkdown({ html: true, linkify: true })
  // `orders.id` and the like are names of columns here, not addresses.
  engine.linkify.set({ fuzzyLink: false, fuzzyEmail: false })
  const { rules } = engine.renderer
  engine.validateLink = isSafeLink
  rules['html_block'] = (tokens, at) => cleanHtml(tokens[at]!.content)
  rules['html_inline'] = (tokens, at) => cleanHtml(tokens[at]!.content)
  rules['table_open'] = () => '<div class="scroll"><table>\n'
  rules['table_close'] = () => '</table></div>\n'
  rules['heading_open'] = (tokens, at) => `<${loweredHeading(tokens[at]!.tag)}>`
  rules['heading_close'] = (tokens, at) => `</${loweredHeading(tokens[at]!.tag)}>\n`
  rules['image'] = (tokens, at) => imageTag(String(tokens[at]!.attrGet('src') ?? ''), tokens[at]!.content)
  rules['link_open'] = (tokens, at) => linkTag(String(tokens[at]!.attrGet('href') ?? ''))
  return engine
}

function cleanHtml(html: string): string {
  return html.replaceAll(/<!--[\s\S]*?-->|<[^<>]*>|[<>]/gu, (part) => {
    if (part.startsWith('<!--')) return ''
    const tag = /^<(\/?)([a-z][a-z0-9]*)(?:[\s/]([^<>]*))?>$/iu.exec(part)
    const name = tag?.[2]?.toLowerCase() ?? ''
    if (tag === null || !allowedTags.has(name)) return escapeHtml(part)
    const shown = /^h\d$/u.test(name) ? loweredHeading(name) : name
    if (tag[1] === '/') return `</${shown}>`
    if (name === 'a') return linkTag(attributeOf(tag[3], 'href'))
    if (name === 'img') return imageTag(attributeOf(tag[3], 'src'), attributeOf(tag[3], 'alt'))
    return `<${shown}>`
  })
}

function linkTag(link: string): string {
  const target = /^https?:/iu.test(link) ? ' target="_blank" rel="noopener noreferrer"' : ''
  return `<a href="${isSafeLink(link) ? escapeHtml(link) : ''}"${target}>`
}

/** Loaded when it comes into sight, without telling whoever has it which page shows it. */
function imageTag(source: string, text: string): string {
  const address = isSafeLink(source) ? escapeHtml(source) : ''
  return `<img src="${address}" alt="${escapeHtml(text)}" loading="lazy" referrerpolicy="no-referrer">`
}

/** Into the site, or out of it by http, https and mailto. Browsers read over white space in the name of a protocol. */
export function isSafeLink(link: string): boolean {
  const text = link.replaceAll(/[\s\p{Cc}]/gu, '')
  return /^(?:https?:|mailto:)/iu.test(text) || !/^[^/?#]*:/u.test(text)
}

/** As a browser would read it: entities and all. */
function attributeOf(attributes: string | undefined, name: string): string {
  const found = new RegExp(`(?:^|\\s)${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s"'>]+))`, 'iu').exec(attributes ?? '')
  return unescapeAll(found?.[1] ?? found?.[2] ?? found?.[3] ?? '')
}

function loweredHeading(tag: string): string {
  return `h${Math.min(6, Number(tag.slice(1)) + headingOffset)}`
}

export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
