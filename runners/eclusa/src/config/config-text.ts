import type { ConfigIssue } from '@eclusa/sdk'
import { LineCounter, isAlias, isMap, isNode, isScalar, isSeq, parseDocument } from 'yaml'
import type { Document, Node, Pair, YAMLError } from 'yaml'

export type ConfigPath = ConfigIssue['path']

/** Where something stands in a text. Lines and columns count from 1; `length` is in characters of that line. */
export interface TextPosition {
  readonly line: number
  readonly column: number
  readonly length: number
}

/** A YAML text that knows where each of its values stands. */
export interface ConfigText {
  readonly lines: readonly string[]
  /** Plain data; undefined when the text is no YAML. */
  readonly value: unknown
  /** Faults of syntax. Where there are any but repeated keys, `value` is undefined. */
  readonly syntaxIssues: readonly (ConfigIssue & { readonly position: TextPosition })[]
  /** The place of a key or value, or of the nearest thing around it that is written down. */
  locate(path: ConfigPath, at: 'key' | 'value'): TextPosition
}

/** Many aliases of aliases can describe more data than memory holds; a configuration needs a handful. */
const aliasCountMax = 100

export function parseConfigText(text: string): ConfigText {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter, prettyErrors: false })
  const lines = text.split(/\r?\n/u)
  const positionOf = (start: number, end: number): TextPosition => {
    const { line, col } = lineCounter.linePos(start)
    const lineLength = lines[line - 1]?.length ?? 0
    return { line, column: col, length: Math.max(1, Math.min(end - start, lineLength - col + 1)) }
  }
  const isReadable = document.errors.every(({ code }) => code === 'DUPLICATE_KEY')
  // What follows the first break of syntax is only its echo.
  const told = isReadable ? [...document.errors, ...document.warnings] : document.errors.slice(0, 1)
  const syntaxIssues = told.map((error) => {
    const position = positionOf(...error.pos)
    return { path: [], message: syntaxMessage(error, lines[position.line - 1] ?? ''), position }
  })
  return {
    lines,
    value: isReadable ? document.toJS({ maxAliasCount: aliasCountMax }) : undefined,
    syntaxIssues,
    locate: (path, at) => positionOf(...rangeOf(document, path, at)),
  }
}

function syntaxMessage({ code, message }: YAMLError, line: string): string {
  if (code === 'DUPLICATE_KEY') return 'this key stands twice in one mapping'
  if (code === 'TAG_RESOLVE_FAILED') return 'a value that begins with "!" must stand in quotes'
  if (code === 'TAB_AS_INDENT') return 'tabs cannot indent YAML: use spaces'
  if (/[{[,].*\$\{/u.test(line)) return 'between { } or [ ] a reference must stand in quotes: "${env:NAME}"'
  // The library quotes what it did not expect, which may be a secret.
  const [reason = ''] = message.split(/:? "|\n/u)
  return `this is no YAML: ${reason.charAt(0).toLowerCase()}${reason.slice(1)}`
}

function rangeOf(document: Document, path: ConfigPath, at: 'key' | 'value'): [number, number] {
  let node = resolve(document.contents, document)
  let range: [number, number] = rangeOfNode(node) ?? [0, 0]
  for (const [index, part] of path.entries()) {
    const pair = isMap(node) ? findPair(node.items, String(part)) : undefined
    const child = resolve(isSeq(node) ? node.items[Number(part)] : pair?.value, document)
    const isLast = index === path.length - 1
    const written = isLast && at === 'key' ? rangeOfNode(pair?.key) : (rangeOfNode(child) ?? rangeOfNode(pair?.key))
    if (written === undefined) break
    range = written
    node = child
  }
  return range
}

function findPair(items: readonly Pair[], key: string): Pair | undefined {
  return items.find((pair) => isScalar(pair.key) && String(pair.key.value) === key)
}

function resolve(node: unknown, document: Document): Node | undefined {
  if (isAlias(node)) return node.resolve(document)
  return isNode(node) ? node : undefined
}

/** An empty value (`key:`) has a range of no width: then the key is what can be pointed at. */
function rangeOfNode(node: unknown): [number, number] | undefined {
  if (!isNode(node) || !node.range) return undefined
  const [start, end] = node.range
  return end > start ? [start, end] : undefined
}
