import { Buffer } from 'node:buffer'
import { PyFloat } from '../jinja/python-number.ts'
import type { Manifest } from '../manifest/manifest.ts'

/** The parts of manifest.json in dbt's order, without `metadata`, which every run writes anew. */
export const manifestSections = [
  'nodes',
  'sources',
  'macros',
  'docs',
  'exposures',
  'metrics',
  'groups',
  'selectors',
  'disabled',
  'parent_map',
  'child_map',
  'group_map',
  'saved_queries',
  'semantic_models',
  'unit_tests',
] as const
export type ManifestSection = (typeof manifestSections)[number]

/** The nodes as they stand in manifest.json, in pieces: each node is a row `"id":{…},` of known length. */
export interface NodeRows {
  readonly ids: readonly string[]
  /** Bytes, the comma behind the node included. */
  readonly lengths: readonly number[]
  readonly pieces: readonly Uint8Array[]
}

/**
 * The text of a manifest, kept in the bytes that are written: of tens of thousands of nodes those that are the same as
 * before need not become values and text again.
 */
export interface ManifestText {
  readonly nodes: NodeRows
  readonly others: Readonly<Record<Exclude<ManifestSection, 'nodes'>, Uint8Array>>
}

/** Pieces of a text are joined up to about this size, since encoding one node at a time takes longer. */
const pieceLengthMin = 1024 * 1024

const known = new WeakMap<Manifest, ManifestText>()

/** Made once for each manifest, which therefore must not be changed in place. */
export function manifestText(manifest: Manifest): ManifestText {
  const text = known.get(manifest) ?? makeText(manifest)
  known.set(manifest, text)
  return text
}

function makeText(manifest: Manifest): ManifestText {
  const others = manifestSections
    .filter((name) => name !== 'nodes')
    .map((name) => [name, Buffer.from(JSON.stringify(manifest[name]))])
  return {
    nodes: nodeRows(Object.entries(manifest.nodes)),
    others: Object.fromEntries(others) as ManifestText['others'],
  }
}

export function nodeRows(nodes: Iterable<readonly [id: string, node: unknown]>): NodeRows {
  const ids: string[] = []
  const lengths: number[] = []
  const pieces: Uint8Array[] = []
  let open = ''
  for (const [id, node] of nodes) {
    const row = `${JSON.stringify(id)}:${JSON.stringify(node)},`
    ids.push(id)
    lengths.push(Buffer.byteLength(row))
    open += row
    if (open.length < pieceLengthMin) continue
    pieces.push(Buffer.from(open))
    open = ''
  }
  if (open !== '') pieces.push(Buffer.from(open))
  return { ids, lengths, pieces }
}

/** The bytes of manifest.json. */
export function manifestPieces(
  { nodes, others }: ManifestText,
  metadata: Readonly<Record<string, unknown>>,
): Uint8Array[] {
  const rows = [...nodes.pieces]
  const last = rows.pop()
  if (last !== undefined) rows.push(last.subarray(0, -1))
  const rest = manifestSections
    .filter((name) => name !== 'nodes')
    .flatMap((name) => [Buffer.from(`,${JSON.stringify(name)}:`), others[name]])
  return [Buffer.from(`{"metadata":${JSON.stringify(metadata)},"nodes":{`), ...rows, Buffer.from('}'), ...rest, closing]
}

const closing = Buffer.from('}')

/** The manifest that a text is of; each part is read when somebody first looks at it. */
export function manifestOfText(text: ManifestText, metadata: Readonly<Record<string, unknown>>): Manifest {
  const manifest = { metadata }
  for (const name of manifestSections) {
    let value: unknown
    const read = () => (name === 'nodes' ? nodesOf(text.nodes) : parseKept(textOf(text.others[name])))
    Object.defineProperty(manifest, name, { get: () => (value ??= read()), enumerable: true, configurable: true })
  }
  known.set(manifest as Manifest, text)
  return manifest as Manifest
}

/** A value that was kept as JSON. Numbers with a point and nothing behind it stay floats. */
export function parseKept(text: string): unknown {
  return floatPattern.test(text) ? JSON.parse(text, withFloats) : JSON.parse(text)
}

const floatPattern = /[:,[]-?\d+(?:\.0|(?:\.\d+)?e\+?\d+)[,\]}]/u

function withFloats(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const isFloat = typeof value === 'number' && Number.isInteger(value) && /[.e]/u.test(context?.source ?? '')
  return isFloat ? new PyFloat(value) : value
}

/** Looking for floats takes three times as long as reading: only nodes that seem to have one are read in that way. */
function nodesOf(rows: NodeRows): Readonly<Record<string, unknown>> {
  const whole = `{${rows.pieces.map(textOf).join('').slice(0, -1)}}`
  const nodes = JSON.parse(whole) as Record<string, unknown>
  if (!floatPattern.test(whole)) return nodes
  for (const [index, row] of rowsOf(rows).entries()) {
    const text = `{${textOf(row).slice(0, -1)}}`
    if (floatPattern.test(text)) Object.assign(nodes, { [rows.ids[index]!]: parseRow(row)[1] })
  }
  return nodes
}

/** The bytes of each row. */
export function rowsOf({ pieces, lengths }: NodeRows): Uint8Array[] {
  const whole = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
  let offset = 0
  return lengths.map((length) => whole.subarray(offset, (offset += length)))
}

export function parseRow(row: Uint8Array): readonly [id: string, node: unknown] {
  const [entry] = Object.entries(parseKept(`{${textOf(row.subarray(0, -1))}}`) as object)
  return entry as [string, unknown]
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}
