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

/** A mapping as it stands in manifest.json, in pieces: each entry is a row `"id":…,` of known length. */
export interface ManifestRows {
  /** Bytes, the comma behind the entry included. */
  readonly lengths: Int32Array
  readonly pieces: readonly Uint8Array[]
}

/** The parts that grow with the number of nodes: the maps have those of all nodes first, in the order of the nodes. */
export const rowSections = ['nodes', 'parent_map', 'child_map'] as const
export type RowSection = (typeof rowSections)[number]
type OtherSection = Exclude<ManifestSection, RowSection>
export const otherSections = manifestSections.filter((name): name is OtherSection => !isRowSection(name))

/**
 * The text of a manifest, kept in the bytes that are written: of tens of thousands of nodes those that are the same as
 * before need not become values and text again.
 */
export interface ManifestText {
  readonly rows: Readonly<Record<RowSection, ManifestRows>>
  readonly others: Readonly<Record<OtherSection, Uint8Array>>
}

function isRowSection(name: ManifestSection): name is RowSection {
  return (rowSections as readonly string[]).includes(name)
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
  const others = otherSections.map((name) => [name, Buffer.from(JSON.stringify(manifest[name]))])
  return {
    rows: {
      nodes: manifestRows(Object.entries(manifest.nodes)),
      parent_map: manifestRows(Object.entries(manifest.parent_map)),
      child_map: manifestRows(Object.entries(manifest.child_map)),
    },
    others: Object.fromEntries(others) as ManifestText['others'],
  }
}

export function manifestRows(entries: readonly (readonly [id: string, value: unknown])[]): ManifestRows {
  const lengths = new Int32Array(entries.length)
  const pieces: Uint8Array[] = []
  let open = ''
  for (const [index, [id, value]] of entries.entries()) {
    const row = rowText(id, value)
    lengths[index] = Buffer.byteLength(row)
    open += row
    if (open.length < pieceLengthMin) continue
    pieces.push(Buffer.from(open))
    open = ''
  }
  if (open !== '') pieces.push(Buffer.from(open))
  return { lengths, pieces }
}

export function rowText(id: string, value: unknown): string {
  return `${JSON.stringify(id)}:${JSON.stringify(value)},`
}

/** The bytes of manifest.json. */
export function manifestPieces(
  { rows, others }: ManifestText,
  metadata: Readonly<Record<string, unknown>>,
): Uint8Array[] {
  const sections = manifestSections.flatMap((name) => {
    const value = isRowSection(name) ? rowPieces(rows[name]) : [others[name]]
    return [Buffer.from(`,${JSON.stringify(name)}:`), ...value]
  })
  return [Buffer.from(`{"metadata":${JSON.stringify(metadata)}`), ...sections, closing]
}

function rowPieces({ pieces }: ManifestRows): Uint8Array[] {
  const last = pieces.at(-1)
  const whole = last === undefined ? [] : [...pieces.slice(0, -1), last.subarray(0, -1)]
  return [opening, ...whole, closing]
}

const opening = Buffer.from('{')
const closing = Buffer.from('}')

/** The manifest that a text is of; each part is read when somebody first looks at it. */
export function manifestOfText(text: ManifestText, metadata: Readonly<Record<string, unknown>>): Manifest {
  const manifest = { metadata }
  for (const name of manifestSections) {
    let value: unknown
    const read = () => (isRowSection(name) ? entriesOf(text.rows[name]) : parseKept(textOf(text.others[name])))
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

/** Looking for floats takes three times as long as reading: only entries that seem to have one are read in that way. */
function entriesOf(rows: ManifestRows): Readonly<Record<string, unknown>> {
  const whole = `{${rows.pieces.map(textOf).join('').slice(0, -1)}}`
  const entries = JSON.parse(whole) as Record<string, unknown>
  if (!floatPattern.test(whole)) return entries
  for (const row of rowsOf(rows)) {
    const text = textOf(row)
    if (!floatPattern.test(text)) continue
    const [id, value] = parseRow(row)
    entries[id] = value
  }
  return entries
}

function rowsOf({ pieces, lengths }: ManifestRows): Uint8Array[] {
  const whole = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
  let offset = 0
  return [...lengths].map((length) => whole.subarray(offset, (offset += length)))
}

export function parseRow(row: Uint8Array): readonly [id: string, value: unknown] {
  const [entry] = Object.entries(parseKept(`{${textOf(row.subarray(0, -1))}}`) as object)
  return entry as [string, unknown]
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}
