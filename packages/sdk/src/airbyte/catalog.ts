import type {
  AirbyteCatalog,
  AirbyteStream,
  ConfiguredAirbyteCatalog,
  ConfiguredAirbyteStream,
  FieldPath,
} from '@eclusa/protocol'
import { isJsonObject } from '@eclusa/protocol'
import { EclusaError } from '../error.ts'
import { arrivesAsChanges, streamKey } from '../stream.ts'
import type {
  Column,
  ConfiguredCatalog,
  ConfiguredStream,
  DestinationSyncMode,
  DiscoveredCatalog,
  DiscoveredStream,
  StreamName,
} from '../stream.ts'
import { columnOfSchema, columnSchema } from './column-schema.ts'

/** What rows of a replicated stream carry beside its columns. */
const changeProperties = {
  _ab_cdc_lsn: { type: ['null', 'number'], airbyte_type: 'integer' },
  _ab_cdc_updated_at: { type: ['null', 'string'], format: 'date-time', airbyte_type: 'timestamp_with_timezone' },
  _ab_cdc_deleted_at: { type: ['null', 'string'], format: 'date-time', airbyte_type: 'timestamp_with_timezone' },
}

/** The answer to `discover`. */
export function airbyteCatalog({ streams }: DiscoveredCatalog): AirbyteCatalog {
  return { streams: streams.map(airbyteStream) }
}

function airbyteStream(discovered: DiscoveredStream): AirbyteStream {
  const { stream, schema, syncModes, primaryKey, cursorChoice = 'required', defaultCursor } = discovered
  const columns = Object.fromEntries(schema.columns.map((column) => [column.name, columnSchema(column)]))
  return {
    ...stream,
    json_schema: {
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      additionalProperties: true,
      properties: { ...columns, ...(discovered.isReplicated === true ? changeProperties : {}) },
    },
    supported_sync_modes: [...syncModes],
    source_defined_cursor: cursorChoice !== 'required',
    ...(defaultCursor === undefined ? {} : { default_cursor_field: [defaultCursor] }),
    source_defined_primary_key: primaryKey.map((column) => [column]),
    is_resumable: discovered.isResumable,
  }
}

/**
 * The streams that a source is to read: those of the catalog that it has, with the columns that the catalog names.
 *
 * @throws STREAM_SELECTION_INVALID naming every stream that the source does not have, and every fault of the others.
 */
export function catalogForSource(
  configured: ConfiguredAirbyteCatalog,
  discovered: DiscoveredCatalog,
): ConfiguredCatalog {
  const known = new Map(discovered.streams.map((stream) => [streamKey(stream.stream), stream]))
  const faults: string[] = []
  const streams = configured.streams.flatMap((wanted) => {
    const key = streamKey(nameOf(wanted.stream))
    const found = known.get(key)
    if (found === undefined) {
      faults.push(`stream "${key}" does not exist in the source, or cannot be seen`)
      return []
    }
    return [configuredForSource(wanted, found, faults)]
  })
  if (faults.length > 0) throw catalogInvalid(faults)
  return { streams }
}

function configuredForSource(
  wanted: ConfiguredAirbyteStream,
  found: DiscoveredStream,
  faults: string[],
): ConfiguredStream {
  const key = streamKey(found.stream)
  const cursor = found.cursorChoice === 'none' ? undefined : wanted.cursor_field?.[0]
  const cursorColumn = cursor === undefined || cursor in changeProperties ? found.defaultCursor : cursor
  if (!found.syncModes.includes(wanted.sync_mode)) faults.push(`stream "${key}" cannot be read ${wanted.sync_mode}`)
  const isIncremental = wanted.sync_mode === 'incremental'
  const needsCursor = isIncremental && (found.cursorChoice ?? 'required') === 'required'
  if (needsCursor && cursorColumn === undefined)
    faults.push(`stream "${key}" needs a cursor_field to be read incremental`)
  const properties = propertiesOf(wanted)
  const columns = found.schema.columns.filter(({ name }) => properties === undefined || Object.hasOwn(properties, name))
  if (columns.length === 0) faults.push(`stream "${key}" is asked for without any of its columns`)
  return {
    ...found,
    schema: { ...found.schema, columns },
    syncMode: wanted.sync_mode,
    destinationSyncMode: destinationModeOf(wanted, faults),
    ...(isIncremental && cursorColumn !== undefined ? { cursorColumn } : {}),
    ...(wanted.primary_key == null ? {} : { primaryKey: keyOf(wanted.primary_key, key, faults) }),
    ...restOfConfiguration(wanted),
  }
}

/**
 * The streams that a destination is to write, by what the catalog says of them alone.
 *
 * @throws STREAM_SELECTION_INVALID naming every fault.
 */
export function catalogForDestination(configured: ConfiguredAirbyteCatalog): ConfiguredCatalog {
  const faults: string[] = []
  const streams = configured.streams.map((wanted) => configuredForDestination(wanted, faults))
  if (faults.length > 0) throw catalogInvalid(faults)
  return { streams }
}

function configuredForDestination(wanted: ConfiguredAirbyteStream, faults: string[]): ConfiguredStream {
  const stream = nameOf(wanted.stream)
  const key = streamKey(stream)
  const properties = propertiesOf(wanted)
  if (properties === undefined) faults.push(`stream "${key}" has no properties in its json_schema`)
  const columns: Column[] = Object.entries(properties ?? {}).map(([name, property]) => columnOfSchema(name, property))
  const primaryKey = keyOf(wanted.primary_key ?? wanted.stream.source_defined_primary_key ?? [], key, faults)
  const destinationSyncMode = destinationModeOf(wanted, faults)
  if (destinationSyncMode === 'append_dedup' && primaryKey.length === 0) {
    faults.push(`stream "${key}" is to be deduplicated and has no primary_key`)
  }
  const cursorColumn = wanted.cursor_field?.[0]
  return {
    stream,
    kind: 'query',
    schema: { version: 1, columns },
    syncModes: wanted.stream.supported_sync_modes,
    primaryKey,
    cursorCandidates: [],
    isResumable: wanted.stream.is_resumable === true,
    notes: [],
    // A refresh that replaces older generations is one, whatever the source calls its reading.
    syncMode: replacesRows(wanted) ? 'full_refresh' : wanted.sync_mode,
    destinationSyncMode,
    ...(cursorColumn === undefined ? {} : { cursorColumn }),
    ...restOfConfiguration(wanted),
  }
}

/** True when rows of earlier generations go: then the stream is loaded anew beside its table. */
export function replacesRows({ generation_id: generation, minimum_generation_id: minimum }: ConfiguredAirbyteStream) {
  return minimum != null && minimum > 0 && minimum === generation
}

function destinationModeOf(wanted: ConfiguredAirbyteStream, faults: string[]): DestinationSyncMode {
  const { destination_sync_mode: mode, generation_id: generation, minimum_generation_id: minimum } = wanted
  const key = streamKey(nameOf(wanted.stream))
  if (minimum != null && minimum !== 0 && minimum !== generation) {
    faults.push(`stream "${key}" has a minimum_generation_id that is neither 0 nor its generation_id`)
  }
  if (mode === 'append' || mode === 'append_dedup' || mode === 'overwrite') {
    return mode === 'append' && replacesRows(wanted) ? 'overwrite' : mode
  }
  faults.push(`stream "${key}" has the destination_sync_mode ${mode}, which is not offered`)
  return 'append'
}

function restOfConfiguration({ stream, destination_object_name: objectName }: ConfiguredAirbyteStream) {
  const name = nameOf(stream)
  const target = objectName == null ? name : { ...name, name: objectName }
  return { target, schemaPolicy: 'evolve', onUnrepresentable: 'keep_text' } as const
}

function keyOf(paths: readonly FieldPath[], key: string, faults: string[]): readonly string[] {
  if (paths.some((path) => path.length !== 1)) faults.push(`stream "${key}" has a nested field in its key`)
  return paths.map(([column]) => column ?? '')
}

function propertiesOf({ stream }: ConfiguredAirbyteStream): Readonly<Record<string, unknown>> | undefined {
  const { properties } = stream.json_schema
  return isJsonObject(properties) ? properties : undefined
}

export function nameOf({ name, namespace }: { name: string; namespace?: string | null | undefined }): StreamName {
  return namespace == null ? { name } : { namespace, name }
}

/** True when what the streams share, such as a position in a log, belongs to all states. */
export function hasSharedState({ streams }: ConfiguredCatalog): boolean {
  return streams.some(arrivesAsChanges)
}

function catalogInvalid(faults: readonly string[]): EclusaError {
  return new EclusaError('STREAM_SELECTION_INVALID', {
    message: `The configured catalog has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n- ${faults.join('\n- ')}`,
    details: { faults },
  })
}
