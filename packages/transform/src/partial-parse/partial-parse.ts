import type { Log } from '@eclusa/sdk'
import { EclusaError } from '@eclusa/sdk'
import { manifestText, nodeRows, parseKept } from '../artifact/manifest-text.ts'
import type { ManifestText } from '../artifact/manifest-text.ts'
import type { Documentation, Manifest } from '../manifest/manifest.ts'
import type { ManifestNode } from '../manifest/node.ts'
import type { DraftTest } from '../parse/load-tests.ts'
import type { PackageFiles } from '../parse/package-files.ts'
import type { ParseSession } from '../parse/parse-session.ts'
import type { ParsedProject } from '../parse/project-parser.ts'
import { readProperties } from '../parse/read-properties.ts'
import type { ParsedProperties } from '../parse/read-properties.ts'
import { editedMaps } from './edited-maps.ts'
import type { EnvironmentWatch } from './environment-watch.ts'
import { changesSince, savedFiles } from './file-check.ts'
import type { FileChange, FileChanges } from './file-check.ts'
import { reasonOfChange } from './fingerprint.ts'
import type { Fingerprint } from './fingerprint.ts'
import { isKeptExactly } from './kept-exactly.ts'
import { FullParseNeeded, parsePart } from './part-parser.ts'
import { planPart } from './part-plan.ts'
import { UnitOrder, originOf, savedFaces, savedPatch, savedProperties, savedRows } from './saved-index.ts'
import { SavedPatches, editRows, firstFrom, readRows, readSavedParse, writeSavedParse } from './saved-parse.ts'
import type { SavedParse } from './saved-parse.ts'

export interface PartialParseOptions {
  /** Where a parse is kept for the next one. */
  readonly file: string
  /** Where an earlier parse is looked for. Default: `file`. */
  readonly earlierFile?: string
  /** False: everything is parsed, and kept all the same. */
  readonly isOn: boolean
}

export interface PartialParseFacts {
  readonly options: PartialParseOptions
  readonly files: readonly PackageFiles[]
  readonly fingerprint: Fingerprint
  /** The variables that templates ask for. */
  readonly variables: EnvironmentWatch
  readonly readSinceMs: number
  readonly log: Log
  /** A session for one parse. */
  readonly openSession: (log: Log) => ParseSession
}

/** Above so many files that were read only to find them unchanged, their times are worth writing anew. */
const readInVainMax = 100

/**
 * Takes over an earlier parse of a project and parses only what has changed since.
 *
 * Correct by construction: the same parts that parse a whole project parse the changed files and the nodes that changed
 * properties describe. Where a change could reach further than these, everything is parsed.
 */
export class PartialParse {
  readonly #facts: PartialParseFacts

  constructor(facts: PartialParseFacts) {
    this.#facts = facts
  }

  /** The manifest after the change, without its metadata; undefined when everything has to be parsed. */
  async reuse(): Promise<ManifestText | undefined> {
    const { options, log } = this.#facts
    if (!options.isOn) {
      log.debug('Partial parsing not enabled')
      return undefined
    }
    try {
      const saved = await this.#read()
      return saved === undefined ? undefined : await this.#update(saved)
    } catch (error) {
      if (error instanceof FullParseNeeded) log.debug(`Parsing everything: ${error.message}.`)
      // What is wrong in a changed file is found again, with everything else that is wrong, when all is parsed.
      else if (EclusaError.isInstance(error)) log.debug('Parsing everything: a changed file has a fault.')
      else log.debug(`Parsing everything: ${options.earlierFile ?? options.file} cannot be used: ${messageOf(error)}.`)
      return undefined
    }
  }

  /** Keeps a parse of everything. */
  async keep(parsed: ParsedProject, manifest: Manifest): Promise<void> {
    const { files, log } = this.#facts
    const { nodes, patches, properties } = parsed.trace
    const lost = nodes.find(({ call }) => !isKeptExactly(call))?.label ?? properties.find(isLost)?.source.path
    if (lost !== undefined) {
      log.debug(`The parse was not kept for the next one: a setting in ${lost} is no plain value.`)
      return
    }
    const text = manifestText(manifest)
    const faces = savedFaces(parsed.trace)
    const drafts = [...parsed.nodes.values()] as unknown as DraftTest[]
    const rows = savedRows(text.nodes, drafts, { order: new UnitOrder(files), faces })
    const patched = nodes.flatMap((one) => {
      const patch = patches.of(one)
      return patch === undefined ? [] : [[originOf(one.node), JSON.stringify(savedPatch(patch))] as const]
    })
    const texts = { origins: patched.map(([origin]) => origin), texts: patched.map(([, patch]) => patch) }
    if (rows !== undefined)
      await this.#write({ rows, faces, properties: savedProperties(properties), patches: texts, text })
  }

  async #read(): Promise<SavedParse | undefined> {
    const { options, log, fingerprint, variables } = this.#facts
    const saved = await readSavedParse(options.earlierFile ?? options.file).catch((error: unknown) => {
      if (!isMissing(error)) throw error
      log.info('Unable to do partial parsing because saved manifest not found. Starting full parse.')
      return undefined
    })
    if (saved === undefined) return undefined
    const { inputs } = saved
    const present = variables.values(Object.keys(inputs.variables))
    const reason =
      reasonOfChange(inputs.fingerprint, fingerprint) ??
      (JSON.stringify(present) === JSON.stringify(inputs.variables) ? undefined : 'env vars have changed')
    if (reason === undefined) return saved
    log.info(`Unable to do partial parsing because ${reason}`)
    return undefined
  }

  async #update(saved: SavedParse): Promise<ManifestText> {
    const { files, log } = this.#facts
    const changes = changesSince(saved.inputs.files, files)
    const { added, deleted, changed, readInVain } = changes
    if (added + deleted + changed.length === 0) {
      log.debug('Partial parsing enabled, no changes found, skipping parsing')
      if (readInVain > readInVainMax) await this.#write(saved, saved)
      return saved.text
    }
    log.debug(
      `Partial parsing enabled: ${deleted} files deleted, ${added} files added, ${changed.length} files changed.`,
    )
    const next = this.#parse(saved, changes)
    await this.#write(next, saved)
    return next.text
  }

  #parse(saved: SavedParse, changes: FileChanges): Omit<SavedParse, 'inputs'> {
    const { files, openSession, log } = this.#facts
    const notices = new HeldLog()
    const session = openSession(notices)
    const properties = changes.changed
      .filter(({ kind }) => kind === 'properties')
      .map((one) => readChanged(session, one))
    session.throwFaults()
    if (properties.some(isLost)) throw new FullParseNeeded('a setting is no plain value')
    const plan = planPart({ saved, files, changes, properties })
    for (const { file } of plan.files) log.debug(`Partial parsing: updated file: ${file.path}`)
    const order = new UnitOrder(files)
    const units = plan.files.map(({ kind, packageName, file }) => order.ofFile(kind, packageName, file.path))
    const replaced = new Set(units)
    const patches = new SavedPatches(saved.patches)
    const changedFiles = new Set(properties.map(({ file }) => file.path))
    const places = new Map(saved.faces.nodes.map(({ unique_id: id }, place) => [id, place]))
    const testRows = rowsOfTests(saved.rows, replaced)
    const part = parsePart(session, {
      files: plan.packages,
      properties,
      faces: saved.faces,
      patchOf: (origin) => {
        const patch = patches.of(origin)
        return patch === undefined || changedFiles.has(patch.filePath) ? undefined : patch
      },
      testsOf: (id) => readRows(saved, testRows.get(places.get(id) ?? -1) ?? []) as DraftTest[],
      documentation: () => Object.values(documentationOf(saved)),
    })
    const before = readRows(saved, rowsOfUnits(saved.rows, replaced)) as ManifestNode[]
    const edited = editRows(saved, {
      units: replaced,
      rows: nodeRows(part.nodes.map((node) => [node.unique_id, node])),
      newUnits: part.drafts.map((node) => order.ofNode(node)),
      newAttached: part.drafts.map((node) => places.get(node.attached_node ?? '') ?? -1),
    })
    if (new Set(edited.rows.ids).size < edited.rows.ids.length) throw new FullParseNeeded('two nodes have one id')
    const maps = editedMaps(saved.text.others, { before, after: part.nodes, ids: edited.rows.ids })
    notices.release(log)
    return {
      rows: edited.rows,
      faces: saved.faces,
      properties: properties.length === 0 ? saved.properties : { ...saved.properties, ...savedProperties(properties) },
      patches: editedPatches(saved.patches, part.patches),
      text: { nodes: edited.text, others: { ...saved.text.others, ...maps } },
    }
  }

  /** A folder that cannot be written in is no reason to fail: the next parse takes longer. */
  async #write(parse: Omit<SavedParse, 'inputs'>, former?: SavedParse): Promise<void> {
    const { options, files, fingerprint, variables, readSinceMs, log } = this.#facts
    const inputs = {
      fingerprint,
      files: savedFiles(files, { readSinceMs, former: former?.inputs.files ?? [] }),
      variables: variables.values(Object.keys(former?.inputs.variables ?? {})),
    }
    try {
      await writeSavedParse(options.file, { ...parse, inputs })
    } catch (error) {
      log.debug(`The parse was not kept for the next one: ${messageOf(error)}.`)
    }
  }
}

function isLost({ content }: ParsedProperties): boolean {
  return !isKeptExactly(content)
}

function readChanged(session: ParseSession, { packageName, file }: FileChange): ParsedProperties {
  const parsed = readProperties(session, session.projects.get(packageName)!, file)
  if (parsed === undefined) throw new FullParseNeeded(`${file.path} cannot be read`)
  return parsed
}

/** By the place of what they are attached to, the rows of tests that stay. */
function rowsOfTests({ attached, units }: SavedParse['rows'], replaced: ReadonlySet<number>): Map<number, number[]> {
  const found = new Map<number, number[]>()
  for (const [row, place] of attached.entries()) {
    if (place === -1 || replaced.has(units[row]!)) continue
    const rows = found.get(place)
    if (rows === undefined) found.set(place, [row])
    else rows.push(row)
  }
  return found
}

function rowsOfUnits({ units }: SavedParse['rows'], wanted: ReadonlySet<number>): number[] {
  return [...wanted].flatMap((unit) => {
    const [start, end] = [firstFrom(units, unit), firstFrom(units, unit + 1)]
    return Array.from({ length: end - start }, (_, index) => start + index)
  })
}

function editedPatches(former: SavedParse['patches'], edit: ReadonlyMap<string, unknown>): SavedParse['patches'] {
  const { origins, texts } = former
  const places = new Map(origins.map((origin, place) => [origin, place]))
  const isSame = [...edit].every(([origin, patch]) => texts[places.get(origin) ?? -1] === JSON.stringify(patch))
  if (isSame) return former
  const kept = origins.flatMap((origin, place) => (edit.has(origin) ? [] : [[origin, texts[place]!] as const]))
  const made = [...edit].flatMap(([origin, patch]) =>
    patch === undefined ? [] : [[origin, JSON.stringify(patch)] as const],
  )
  const all = [...kept, ...made]
  return { origins: all.map(([origin]) => origin), texts: all.map(([, text]) => text) }
}

function documentationOf({ text }: SavedParse): Readonly<Record<string, Documentation>> {
  return parseKept(Buffer.from(text.others.docs).toString('utf8')) as Readonly<Record<string, Documentation>>
}

/** Keeps what a parse says until it is known to count. */
class HeldLog implements Log {
  readonly #lines: ['debug' | 'info' | 'warn' | 'error', string][] = []
  readonly debug = (message: string) => void this.#lines.push(['debug', message])
  readonly info = (message: string) => void this.#lines.push(['info', message])
  readonly warn = (message: string) => void this.#lines.push(['warn', message])
  readonly error = (message: string) => void this.#lines.push(['error', message])

  release(log: Log): void {
    for (const [level, message] of this.#lines) log[level](message)
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
