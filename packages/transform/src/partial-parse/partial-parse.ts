import type { Log } from '@eclusa/sdk'
import { EclusaError } from '@eclusa/sdk'
import { manifestText } from '../artifact/manifest-text.ts'
import type { ManifestText } from '../artifact/manifest-text.ts'
import type { Manifest } from '../manifest/manifest.ts'
import type { PackageFiles } from '../parse/package-files.ts'
import type { ParseSession } from '../parse/parse-session.ts'
import type { ParsedProject } from '../parse/project-parser.ts'
import type { ParsedProperties } from '../parse/read-properties.ts'
import type { EnvironmentWatch } from './environment-watch.ts'
import { changesSince, savedFiles } from './file-check.ts'
import type { FileChanges } from './file-check.ts'
import { reasonOfChange } from './fingerprint.ts'
import type { Fingerprint } from './fingerprint.ts'
import { FullParseNeeded } from './full-parse-needed.ts'
import { isKeptExactly } from './kept-exactly.ts'
import { keptProperties } from './kept-properties.ts'
import { concernsAll, macroChanges, reachOf, savedMacros } from './macro-changes.ts'
import type { MacroChanges, MacroFacts, SavedMacroFile } from './macro-changes.ts'
import { editParse } from './manifest-edit.ts'
import type { EditedParse } from './manifest-edit.ts'
import { parsePart } from './part-parser.ts'
import type { ParsedPart } from './part-parser.ts'
import { PartPlan } from './part-plan.ts'
import { SavedLookup } from './saved-lookup.ts'
import { readSavedParse, writeSavedParse } from './saved-parse.ts'
import type { ParseEdit, SavedParse } from './saved-parse.ts'
import { wholeParse } from './whole-parse.ts'

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
  readonly macros: MacroFacts
  /** The variables that templates ask for. */
  readonly variables: EnvironmentWatch
  readonly readSinceMs: number
  readonly log: Log
  /** A session for one parse. */
  readonly openSession: (log: Log) => ParseSession
}

/** Above so many files that were read only to find them unchanged, their times are worth writing anew. */
const readInVainMax = 100

/** A part that grows this often is better parsed as a whole. */
const roundsMax = 6

/**
 * Takes over an earlier parse of a project and parses only what has changed since, and what that can reach.
 *
 * Correct by construction: the same parts that parse a whole project parse the part, and put it into the place of what it
 * was before.
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
    const { nodes, properties } = parsed.trace
    const lost = nodes.find(({ call }) => !isKeptExactly(call))?.label ?? properties.find(isLost)?.source.path
    if (lost !== undefined) {
      log.debug(`The parse was not kept for the next one: a setting in ${lost} is no plain value.`)
      return
    }
    const whole = wholeParse({ trace: parsed.trace, manifest, text: manifestText(manifest), files })
    if (whole !== undefined) await this.#write(whole)
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
    const { files, log, macros } = this.#facts
    const changes = changesSince(saved.inputs.files, files)
    const presentMacros = savedMacros(macros, saved.inputs.macros)
    const ofMacros = macroChanges(saved.inputs.macros, presentMacros)
    const counts = {
      deleted: changes.deleted.length + ofMacros.deleted,
      added: changes.added.length + ofMacros.added,
      changed: changes.changed.length + ofMacros.changed,
    }
    if (counts.added + counts.deleted + counts.changed === 0) {
      log.debug('Partial parsing enabled, no changes found, skipping parsing')
      if (changes.readInVain > readInVainMax) await this.#write({}, saved)
      return saved.text
    }
    log.debug(
      `Partial parsing enabled: ${counts.deleted} files deleted, ${counts.added} files added, ${counts.changed} files changed.`,
    )
    const next = this.#parse(saved, changes, ofMacros)
    await this.#write(next, saved, presentMacros)
    return next.text
  }

  #parse(saved: SavedParse, changes: FileChanges, ofMacros: MacroChanges): EditedParse {
    const { files, openSession, log, macros } = this.#facts
    const notices = new HeldLog()
    const hasMacros = ofMacros.added + ofMacros.deleted + ofMacros.changed > 0
    const reached = hasMacros ? reachOf(ofMacros.names, macros) : undefined
    if (reached !== undefined && concernsAll(reached))
      throw new FullParseNeeded('macros that name all nodes have changed')
    const reading = openSession(notices)
    const plan = new PartPlan({ saved, files, changes, reached, session: reading })
    reading.throwFaults()
    const lookup = new SavedLookup(saved)
    const isKeptRow = (row: number) => !plan.replaced.has(plan.formerOrder.units[saved.rows.units[row]!]!)
    for (let round = 0; round < roundsMax; round += 1) {
      const ofRound = new HeldLog()
      const session = openSession(ofRound)
      const size = plan.size
      const part = parsePart(session, {
        plan,
        files,
        saved,
        properties: allProperties(saved, session, plan, files),
        patchOf: (origin) => {
          const patch = lookup.patchOf(origin)
          return patch === undefined || plan.describes(patch) ? undefined : patch
        },
        testsOf: (id) => lookup.testsOf(id, isKeptRow),
        isMacroChanged: ({ name, packageName, template }) =>
          reached?.has(name) === true || ofMacros.files.has(`${packageName}:${template.name}`),
      })
      chooseReached(part, { plan, lookup, saved })
      reading.throwFaults()
      if (plan.size > size) continue
      const next = editParse({ saved, lookup, plan, part, names: session.names })
      for (const line of plan.report(changes)) log.debug(line)
      notices.release(log)
      ofRound.release(log)
      return next
    }
    throw new FullParseNeeded('one change leads to another')
  }

  /** A folder that cannot be written in is no reason to fail: the next parse takes longer. */
  async #write(
    edit: Omit<ParseEdit, 'inputs'>,
    former?: SavedParse,
    macros: readonly SavedMacroFile[] = savedMacros(this.#facts.macros, former?.inputs.macros),
  ): Promise<void> {
    const { options, files, fingerprint, variables, readSinceMs, log } = this.#facts
    const inputs = {
      fingerprint,
      files: savedFiles(files, { readSinceMs, former: former?.inputs.files ?? [] }),
      macros,
      variables: variables.values(Object.keys(former?.inputs.variables ?? {})),
    }
    try {
      await writeSavedParse(options.file, { ...edit, inputs }, former)
    } catch (error) {
      log.debug(`The parse was not kept for the next one: ${messageOf(error)}.`)
    }
  }
}

function isLost({ content }: ParsedProperties): boolean {
  return !isKeptExactly(content)
}

/** In the order of a parse of everything. */
function allProperties(
  saved: SavedParse,
  session: ParseSession,
  plan: PartPlan,
  files: readonly PackageFiles[],
): ParsedProperties[] {
  return files.flatMap(({ project, properties }) =>
    properties.flatMap((source) => {
      const key = `${project.name}:${source.path}`
      const facts = saved.properties[key]
      return plan.properties.get(key) ?? (facts === undefined ? [] : keptProperties(session, project, source, facts))
    }),
  )
}

/** Chooses what refers to nodes and sources that came, went or changed. */
function chooseReached(
  { edit }: ParsedPart,
  { plan, lookup, saved }: { readonly plan: PartPlan; readonly lookup: SavedLookup; readonly saved: SavedParse },
): void {
  if (edit.isSame) return
  const { ids, names, described } = edit
  const ofNames = [
    ...saved.faces.nodes.filter(({ name }) => names.has(name)),
    ...saved.faces.sources.filter(({ source_name: source, name }) => names.has(`${source}.${name}`)),
  ]
  for (const id of new Set([...ids, ...ofNames.map((face) => face.unique_id)]))
    plan.chooseRows(lookup.rowsOfChildren(id))
  for (const [unit, missing] of saved.uses.missing) if (missing.some((name) => names.has(name))) plan.choose(unit)
  plan.chooseDescribing(described)
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
