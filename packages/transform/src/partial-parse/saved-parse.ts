import { Buffer } from 'node:buffer'
import { otherSections, parseKept, rowSections } from '../artifact/manifest-text.ts'
import type { ManifestRows, ManifestText } from '../artifact/manifest-text.ts'
import type { SavedFiles } from './file-check.ts'
import type { Fingerprint } from './fingerprint.ts'
import type { SavedMacroFile } from './macro-changes.ts'
import { readSections, writeSections } from './saved-file.ts'
import type { Sections } from './saved-file.ts'
import type { SavedFaces, SavedProperties, SavedRows, SavedUses } from './saved-index.ts'

/** What decides whether a parse can be built on. */
export interface SavedInputs {
  readonly fingerprint: Fingerprint
  readonly files: SavedFiles
  readonly macros: readonly SavedMacroFile[]
  /** Environment variables that templates asked for, with the hashes of their values. */
  readonly variables: Readonly<Record<string, string>>
}

/** All that a parse leaves for the next one. */
export interface SavedParse {
  readonly inputs: SavedInputs
  readonly rows: SavedRows
  readonly uses: SavedUses
  readonly faces: SavedFaces
  readonly properties: SavedProperties
  readonly patches: PatchRows
  readonly text: ManifestText
}

/** What properties say of nodes, by the file or block of the node: few of these are ever looked at. */
export interface PatchRows {
  readonly origins: readonly string[]
  readonly rows: ManifestRows
}

/** What a parse that builds on another one has made anew; all else is as it was. */
export type ParseEdit = Partial<Omit<SavedParse, 'rows'>> & { readonly rows?: Partial<SavedRows> } & Pick<
    SavedParse,
    'inputs'
  >

const columns = ['units', 'names', 'docs'] as const

type Section = readonly [name: string, pieces: readonly Uint8Array[]]

const sectionsRead = new WeakMap<SavedParse, Sections>()

/** @param former what the edit is of, as it was read: its parts are written again as they are. Else the edit is whole. */
export async function writeSavedParse(file: string, edit: ParseEdit, former?: SavedParse): Promise<void> {
  const made = new Map<string, readonly Uint8Array[]>(sectionsOf(edit))
  const read = former === undefined ? undefined : sectionsRead.get(former)
  const names = new Set([...(read?.keys() ?? []), ...made.keys()])
  await writeSections(
    file,
    [...names].map((name) => [name, made.get(name) ?? [read!.get(name)!]]),
  )
}

function sectionsOf({ inputs, rows, uses, faces, properties, patches, text }: ParseEdit): Section[] {
  return [
    json('inputs', inputs),
    ...(uses === undefined ? [] : [json('uses', uses)]),
    ...(faces === undefined ? [] : [json('faces', faces)]),
    ...(properties === undefined ? [] : [json('properties', properties)]),
    ...(rows?.ids === undefined ? [] : [json('rows.ids', rows.ids)]),
    ...(rows?.others === undefined ? [] : [json('rows.others', rows.others)]),
    ...columns.flatMap((name) => (rows?.[name] === undefined ? [] : [[`rows.${name}`, bytesOf(rows[name])] as const])),
    ...(patches === undefined ? [] : [json('patches.origins', patches.origins), ...table('patches', patches.rows)]),
    ...(text === undefined ? [] : otherSections.map((name) => [`manifest.${name}`, [text.others[name]]] as const)),
    ...(text === undefined ? [] : rowSections.flatMap((name) => table(`manifest.${name}`, text.rows[name]))),
  ]
}

function json(name: string, value: unknown): Section {
  return [name, [Buffer.from(JSON.stringify(value))]]
}

function bytesOf({ buffer, byteOffset, byteLength }: Int32Array): Uint8Array[] {
  return [new Uint8Array(buffer, byteOffset, byteLength)]
}

function table(name: string, { lengths, pieces }: ManifestRows): Section[] {
  return [
    [`${name}.lengths`, bytesOf(lengths)],
    [name, pieces],
  ]
}

/**
 * Reads what an earlier parse left; every part becomes a value when it is first looked at.
 *
 * @throws Error for a file that is not whole or not ours.
 */
export async function readSavedParse(file: string): Promise<SavedParse> {
  const sections = await readSections(file)
  const part = (name: string) => {
    const bytes = sections.get(name)
    if (bytes === undefined) throw new Error(`it has no part "${name}"`)
    return bytes
  }
  const value = (name: string) => parseKept(textOf(part(name)))
  // Parts begin anywhere in the file, and arrays of numbers only at every fourth byte.
  const numbers = (name: string) => new Int32Array(new Uint8Array(part(name)).buffer)
  const rowsOf = (name: string): ManifestRows =>
    lazily({ lengths: () => numbers(`${name}.lengths`), pieces: () => [part(name)] })
  const saved = lazily<SavedParse>({
    inputs: () => value('inputs') as SavedInputs,
    rows: () =>
      lazily<SavedRows>({
        ids: () => value('rows.ids') as string[],
        others: () => value('rows.others') as string[],
        units: () => numbers('rows.units'),
        names: () => numbers('rows.names'),
        docs: () => numbers('rows.docs'),
      }),
    uses: () => value('uses') as SavedUses,
    faces: () => value('faces') as SavedFaces,
    properties: () => value('properties') as SavedProperties,
    patches: () =>
      lazily<PatchRows>({ origins: () => value('patches.origins') as string[], rows: () => rowsOf('patches') }),
    text: () => ({
      rows: Object.fromEntries(rowSections.map((name) => [name, rowsOf(`manifest.${name}`)])) as ManifestText['rows'],
      others: Object.fromEntries(
        otherSections.map((name) => [name, part(`manifest.${name}`)]),
      ) as ManifestText['others'],
    }),
  })
  sectionsRead.set(saved, sections)
  return saved
}

/** An object whose values are made when they are first looked at. */
function lazily<Value extends object>(makers: { readonly [Key in keyof Value]: () => Value[Key] }): Value {
  const made = {}
  for (const [name, make] of Object.entries<() => unknown>(makers)) {
    let value: unknown
    Object.defineProperty(made, name, { get: () => (value ??= make()), enumerable: true })
  }
  return made as Value
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}
