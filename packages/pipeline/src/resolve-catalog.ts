import { EclusaError, closestName, formatColumnType, parseColumnType, streamKey } from '@eclusa/sdk'
import type {
  ConfiguredCatalog,
  ConfiguredStream,
  DestinationSyncMode,
  DiscoveredCatalog,
  DiscoveredStream,
  StreamName,
  StreamSchema,
  SyncMode,
} from '@eclusa/sdk'
import { matchesPattern } from './stream-selection.ts'
import type { StreamOptions, StreamSelection } from './stream-selection.ts'

export interface ResolveCatalogOptions {
  readonly discovered: DiscoveredCatalog
  readonly selections: readonly StreamSelection[]
  readonly defaults: StreamOptions & { readonly targetSchema?: string }
  readonly destinationSyncModes: readonly DestinationSyncMode[]
}

/** A stream that was named, and that the source does not show. */
export interface MissingStream {
  readonly stream: string
  readonly fault: string
}

/** The streams that are there, and those that were named and are not. */
export interface PresentStreams extends ConfiguredCatalog {
  readonly missing: readonly MissingStream[]
}

/**
 * Turns what the author asked for into one configured stream each, against what the source has.
 *
 * @throws STREAM_SELECTION_INVALID naming every fault at once; `details.faults` lists them.
 */
export function resolveCatalog(options: ResolveCatalogOptions): ConfiguredCatalog {
  const { streams, missing } = resolvePresentStreams(options)
  if (missing.length > 0) throw selectionInvalid(missing.map(({ fault }) => fault))
  return { streams }
}

/**
 * The same, for a run: a table that was dropped, or that its role may no longer read, does not hold up the others.
 *
 * @throws STREAM_SELECTION_INVALID when anything else is wrong; it names the missing streams too.
 */
export function resolvePresentStreams(options: ResolveCatalogOptions): PresentStreams {
  const faults: string[] = []
  const missing: MissingStream[] = []
  const chosen = chooseStreams(options, { faults, missing })
  const streams = chosen.map(({ stream, selection }) => configure(stream, selection, options, faults))
  findCollisions(streams, faults)
  if (faults.length > 0) throw selectionInvalid([...missing.map(({ fault }) => fault), ...faults])
  return { streams, missing }
}

export function selectionInvalid(faults: readonly string[]): EclusaError {
  return new EclusaError('STREAM_SELECTION_INVALID', {
    message: `The choice of streams has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n- ${faults.join('\n- ')}`,
    details: { faults },
  })
}

interface Choice {
  readonly stream: DiscoveredStream
  readonly selection: StreamSelection
}

function chooseStreams(
  options: ResolveCatalogOptions,
  { faults, missing }: { readonly faults: string[]; readonly missing: MissingStream[] },
): Choice[] {
  const byKey = new Map(options.discovered.streams.map((stream) => [streamKey(stream.stream), stream]))
  const exact = new Map<string, StreamSelection>()
  const patterns: StreamSelection[] = []
  for (const selection of options.selections) {
    if (selection.name.includes('*') || selection.name.startsWith('!')) {
      patterns.push(selection)
      checkPattern(selection, byKey, faults)
    } else if (!byKey.has(selection.name)) {
      missing.push({ stream: selection.name, fault: unknownStream(selection.name, [...byKey.keys()]) })
    } else if (exact.has(selection.name)) {
      faults.push(`stream "${selection.name}" is configured twice`)
    } else {
      exact.set(selection.name, selection)
    }
  }
  return [...byKey].flatMap(([key, stream]) => {
    const selection = exact.get(key) ?? lastMatch(patterns, key)
    return selection === undefined || selection.name.startsWith('!') ? [] : [{ stream, selection }]
  })
}

function checkPattern(selection: StreamSelection, byKey: ReadonlyMap<string, unknown>, faults: string[]): void {
  const pattern = selection.name.replace(/^!/u, '')
  if (![...byKey.keys()].some((key) => matchesPattern(pattern, key))) {
    faults.push(`pattern "${selection.name}" matches no stream of the source`)
  }
  if (selection.target !== undefined) {
    faults.push(
      `pattern "${selection.name}" cannot have one target: name the streams, or set a target schema in the defaults`,
    )
  }
}

function lastMatch(patterns: readonly StreamSelection[], key: string): StreamSelection | undefined {
  return patterns.findLast((selection) => matchesPattern(selection.name.replace(/^!/u, ''), key))
}

function unknownStream(name: string, known: readonly string[]): string {
  if (known.length === 0) return `stream "${name}" does not exist: the source shows no stream at all`
  return `stream "${name}" does not exist in the source or is not visible to its role${suggestion(name, known)}`
}

function suggestion(name: string, known: readonly string[]): string {
  const closest = closestName(name, known)
  return closest === undefined ? '' : `; the closest is "${closest}"`
}

function configure(
  stream: DiscoveredStream,
  selection: StreamSelection,
  { defaults, destinationSyncModes }: ResolveCatalogOptions,
  faults: string[],
): ConfiguredStream {
  const key = streamKey(stream.stream)
  const fault = (text: string) => void faults.push(`stream "${key}": ${text}`)
  const syncMode = syncModeOf(stream, selection, defaults)
  const primaryKey = selection.primaryKey ?? stream.primaryKey
  const destinationSyncMode =
    selection.destinationSyncMode ?? defaults.destinationSyncMode ?? usualDestinationMode(syncMode, primaryKey)
  const schema = overrideColumns(stream.schema, selection.columns ?? {}, fault)

  if (!stream.syncModes.includes(syncMode))
    fault(
      `a ${stream.kind.replaceAll('_', ' ')} cannot be read ${syncMode}; it can be read ${stream.syncModes.join(' or ')}`,
    )
  if (!destinationSyncModes.includes(destinationSyncMode))
    fault(`the destination does not offer ${destinationSyncMode}`)
  if (destinationSyncMode === 'append_dedup' && primaryKey.length === 0)
    fault('append_dedup needs a key: set primary_key')
  if (syncMode === 'incremental' && destinationSyncMode === 'overwrite')
    fault('an incremental stream cannot overwrite: use append or append_dedup')
  const cursor = selection.cursor ?? (syncMode === 'incremental' ? stream.defaultCursor : undefined)
  const { cursorChoice = 'required' } = stream
  if (syncMode === 'incremental' && cursor === undefined && cursorChoice === 'required')
    fault('incremental reading needs a cursor column: set cursor')
  if (cursorChoice === 'none' && cursor !== stream.defaultCursor && cursor !== undefined)
    fault('the source itself decides what is new: leave out cursor')
  for (const column of [...primaryKey, ...(cursor === undefined ? [] : [cursor])]) {
    if (!schema.columns.some(({ name }) => name === column)) fault(unknownColumn(column, schema))
  }
  return {
    ...stream,
    schema,
    primaryKey,
    syncMode,
    destinationSyncMode,
    ...(cursor === undefined ? {} : { cursorColumn: cursor }),
    target: targetOf(stream.stream, selection.target, defaults.targetSchema),
    schemaPolicy: selection.schemaPolicy ?? defaults.schemaPolicy ?? 'evolve',
    onUnrepresentable: selection.onUnrepresentable ?? defaults.onUnrepresentable ?? 'keep_text',
  }
}

/**
 * Who has the source replicate wants its tables replicated, without saying so for each; what cannot be is read in full.
 * A table that is to be overwritten is read in full as well.
 */
function syncModeOf(stream: DiscoveredStream, selection: StreamSelection, defaults: StreamOptions): SyncMode {
  if (selection.syncMode !== undefined) return selection.syncMode
  if (selection.cursor !== undefined) return 'incremental'
  const isOverwritten = (selection.destinationSyncMode ?? defaults.destinationSyncMode) === 'overwrite'
  return defaults.syncMode ?? (stream.isReplicated === true && !isOverwritten ? 'incremental' : 'full_refresh')
}

function usualDestinationMode(syncMode: string, primaryKey: readonly string[]): DestinationSyncMode {
  if (syncMode === 'full_refresh') return 'overwrite'
  return primaryKey.length > 0 ? 'append_dedup' : 'append'
}

function overrideColumns(
  schema: StreamSchema,
  overrides: Readonly<Record<string, string>>,
  fault: (text: string) => void,
): StreamSchema {
  for (const [name, text] of Object.entries(overrides)) {
    if (!schema.columns.some((column) => column.name === name)) fault(unknownColumn(name, schema))
    else if (parseColumnType(text) === undefined) fault(`"${text}" is no column type (column "${name}")`)
  }
  return {
    ...schema,
    columns: schema.columns.map((column) => {
      const type = overrides[column.name] === undefined ? undefined : parseColumnType(overrides[column.name]!)
      return type === undefined || formatColumnType(type) === formatColumnType(column.type)
        ? column
        : { ...column, type }
    }),
  }
}

function unknownColumn(column: string, schema: StreamSchema): string {
  const names = schema.columns.map(({ name }) => name)
  return `there is no column "${column}"${suggestion(column, names)}`
}

function targetOf(stream: StreamName, target: string | undefined, targetSchema: string | undefined): StreamName {
  if (target !== undefined) {
    const dot = target.indexOf('.')
    return dot < 0 ? { ...stream, name: target } : { namespace: target.slice(0, dot), name: target.slice(dot + 1) }
  }
  return targetSchema === undefined ? stream : { namespace: targetSchema, name: stream.name }
}

/** Compared without case: warehouses fold identifiers, and two tables that differ only in case would overwrite each other. */
function findCollisions(streams: readonly ConfiguredStream[], faults: string[]): void {
  const sources = new Map<string, string[]>()
  for (const { stream, target } of streams) {
    const key = streamKey(target).toLowerCase()
    sources.set(key, [...(sources.get(key) ?? []), streamKey(stream)])
  }
  for (const [target, keys] of sources) {
    if (keys.length > 1)
      faults.push(
        `streams ${keys.map((key) => `"${key}"`).join(' and ')} would both be written to "${target}": give one of them another target`,
      )
  }
}
