import { Buffer } from 'node:buffer'
import { manifestSections, parseKept, parseRow } from '../artifact/manifest-text.ts'
import type { ManifestText, NodeRows } from '../artifact/manifest-text.ts'
import type { SavedFiles } from './file-check.ts'
import type { Fingerprint } from './fingerprint.ts'
import { readSections, writeSections } from './saved-file.ts'
import type { SavedFaces, SavedPatch, SavedProperties, SavedRows } from './saved-index.ts'

/** What decides whether a parse can be built on. */
export interface SavedInputs {
  readonly fingerprint: Fingerprint
  readonly files: SavedFiles
  /** Environment variables that templates asked for, with the hashes of their values. */
  readonly variables: Readonly<Record<string, string>>
}

/** All that a parse leaves for the next one. */
export interface SavedParse {
  readonly inputs: SavedInputs
  readonly rows: SavedRows
  readonly faces: SavedFaces
  readonly properties: SavedProperties
  readonly patches: PatchTexts
  readonly text: ManifestText
}

/** Patches by the file or block of their node, as JSON: few of them are ever looked at. */
export interface PatchTexts {
  readonly origins: readonly string[]
  readonly texts: readonly string[]
}

/** The bytes that a value was read from: what has not changed is written again as it is. */
const bytesRead = new WeakMap<object, Uint8Array>()

function bytesOfJson(value: object): Uint8Array[] {
  return [bytesRead.get(value) ?? Buffer.from(JSON.stringify(value))]
}

export async function writeSavedParse(file: string, parse: SavedParse): Promise<void> {
  const { inputs, rows, faces, properties, patches, text } = parse
  const others = Object.entries(text.others).map(([name, bytes]) => [`manifest.${name}`, [bytes]] as const)
  await writeSections(file, [
    ['inputs', bytesOfJson(inputs)],
    ['rows', bytesOfJson(rows)],
    ['faces', bytesOfJson(faces)],
    ['properties', bytesOfJson(properties)],
    ['patches', bytesOfJson(patches)],
    ...others,
    ['manifest.nodes', text.nodes.pieces],
  ])
}

/**
 * Reads what an earlier parse left; every part becomes a value when it is first looked at.
 *
 * @throws Error for a file that is not whole or not ours.
 */
export async function readSavedParse(file: string): Promise<SavedParse> {
  const sections = await readSections(file)
  const bytesOf = (name: string) => {
    const bytes = sections.get(name)
    if (bytes === undefined) throw new Error(`it has no part "${name}"`)
    return bytes
  }
  const json = (name: string) => {
    let value: object | undefined
    const read = () => {
      const bytes = bytesOf(name)
      const made = parseKept(textOf(bytes)) as object
      bytesRead.set(made, bytes)
      return made
    }
    return () => (value ??= read())
  }
  const [inputs, rows] = [json('inputs') as () => SavedInputs, json('rows') as () => SavedRows]
  const [faces, properties] = [json('faces') as () => SavedFaces, json('properties') as () => SavedProperties]
  const patches = json('patches') as () => PatchTexts
  const others = manifestSections
    .filter((name) => name !== 'nodes')
    .map((name) => [name, bytesOf(`manifest.${name}`)] as const)
  const nodes = bytesOf('manifest.nodes')
  return {
    get inputs() {
      return inputs()
    },
    get rows() {
      return rows()
    },
    get faces() {
      return faces()
    },
    get properties() {
      return properties()
    },
    get patches() {
      return patches()
    },
    text: {
      nodes: {
        get ids() {
          return rows().ids
        },
        get lengths() {
          return rows().lengths
        },
        pieces: [nodes],
      },
      others: Object.fromEntries(others) as ManifestText['others'],
    },
  }
}

/** Finds patches by their node's origin. */
export class SavedPatches {
  readonly #places: ReadonlyMap<string, number>
  readonly #texts: readonly string[]

  constructor({ origins, texts }: PatchTexts) {
    this.#places = new Map(origins.map((origin, place) => [origin, place]))
    this.#texts = texts
  }

  of(origin: string): SavedPatch | undefined {
    const place = this.#places.get(origin)
    return place === undefined ? undefined : (parseKept(this.#texts[place]!) as SavedPatch)
  }
}

/** Rows without some, and with others; each at the place of its unit. */
export interface RowEdit {
  readonly units: ReadonlySet<number>
  readonly rows: NodeRows
  readonly newUnits: readonly number[]
  readonly newAttached: readonly number[]
}

export interface EditedRows {
  readonly rows: SavedRows
  readonly text: NodeRows
}

/** Puts rows in the place of those of the same units; rows that stay next to each other stay one piece. */
export function editRows(saved: Pick<SavedParse, 'rows' | 'text'>, edit: RowEdit): EditedRows {
  const { rows } = saved
  const { lengths, units } = rows
  const whole = saved.text.nodes.pieces[0] ?? Buffer.alloc(0)
  const fresh: SavedRows = { ...edit.rows, units: edit.newUnits, attached: edit.newAttached }
  const freshBytes = Buffer.concat(edit.rows.pieces)
  const [offsets, freshOffsets] = [offsetsOf(lengths), offsetsOf(edit.rows.lengths)]
  const parts: SavedRows[] = []
  const pieces: Uint8Array[] = []
  const add = (from: SavedRows, bytes: Uint8Array, places: Float64Array, [start, end]: readonly [number, number]) => {
    if (end <= start) return
    const slice = <Value>(list: readonly Value[]) => list.slice(start, end)
    parts.push({
      ids: slice(from.ids),
      lengths: slice(from.lengths),
      units: slice(from.units),
      attached: slice(from.attached),
    })
    pieces.push(bytes.subarray(places[start], places[end]))
  }
  let keptFrom = 0
  for (const unit of [...edit.units].toSorted((left, right) => left - right)) {
    add(rows, whole, offsets, [keptFrom, firstFrom(units, unit)])
    add(fresh, freshBytes, freshOffsets, [firstFrom(fresh.units, unit), firstFrom(fresh.units, unit + 1)])
    keptFrom = firstFrom(units, unit + 1)
  }
  add(rows, whole, offsets, [keptFrom, units.length])
  const made: SavedRows = {
    ids: parts.flatMap(({ ids }) => ids),
    lengths: parts.flatMap((part) => part.lengths),
    units: parts.flatMap((part) => part.units),
    attached: parts.flatMap(({ attached }) => attached),
  }
  return { rows: made, text: { ids: made.ids, lengths: made.lengths, pieces } }
}

/** The nodes of some rows. */
export function readRows({ rows, text }: Pick<SavedParse, 'rows' | 'text'>, wanted: readonly number[]): unknown[] {
  const whole = text.nodes.pieces[0] ?? Buffer.alloc(0)
  const offsets = offsetsOf(rows.lengths)
  return wanted.map((row) => parseRow(whole.subarray(offsets[row], offsets[row + 1]))[1])
}

const knownOffsets = new WeakMap<readonly number[], Float64Array>()

/** Where each row begins, and where the last ends. */
function offsetsOf(lengths: readonly number[]): Float64Array {
  const offsets = knownOffsets.get(lengths) ?? sumsOf(lengths)
  knownOffsets.set(lengths, offsets)
  return offsets
}

function sumsOf(lengths: readonly number[]): Float64Array {
  const offsets = new Float64Array(lengths.length + 1)
  for (const [row, length] of lengths.entries()) offsets[row + 1] = offsets[row]! + length
  return offsets
}

/** The place of the first unit that is not less, in a list that ascends. */
export function firstFrom(units: readonly number[], unit: number): number {
  let [low, high] = [0, units.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (units[middle]! < unit) low = middle + 1
    else high = middle
  }
  return low
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}
