import { describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { airbyteCatalogSchema, airbyteStreamSchema } from './catalog.ts'
import { configuredAirbyteCatalogSchema, configuredAirbyteStreamSchema } from './configured-catalog.ts'
import { airbyteConnectionStatusSchema } from './connection-status.ts'
import { airbyteControlConnectorConfigMessageSchema, airbyteControlMessageSchema } from './control.ts'
import { destinationCatalogSchema, destinationOperationSchema } from './destination-catalog.ts'
import { JsonNumber } from './json-number.ts'
import { airbyteLogMessageSchema } from './log.ts'
import { airbyteMessageSchema } from './message.ts'
import {
  oauth2SpecificationSchema,
  oauthConfigSpecificationSchema,
  oauthConnectorInputSpecificationSchema,
} from './oauth.ts'
import {
  airbyteRecordMessageFileReferenceSchema,
  airbyteRecordMessageMetaChangeSchema,
  airbyteRecordMessageMetaSchema,
  airbyteRecordMessageSchema,
} from './record.ts'
import { advancedAuthSchema, authSpecificationSchema, connectorSpecificationSchema } from './spec.ts'
import {
  airbyteGlobalStateSchema,
  airbyteStateMessageSchema,
  airbyteStateStatsSchema,
  airbyteStreamStateSchema,
} from './state.ts'
import { streamDescriptorSchema } from './stream-descriptor.ts'
import {
  airbyteAnalyticsTraceMessageSchema,
  airbyteErrorTraceMessageSchema,
  airbyteEstimateTraceMessageSchema,
  airbyteStreamStatusReasonSchema,
  airbyteStreamStatusTraceMessageSchema,
  airbyteTraceMessageSchema,
} from './trace.ts'

type Fields = Readonly<Record<string, unknown>>

/** One definition of the protocol with every field it has, and the names of those that it requires. */
interface Definition {
  readonly name: string
  readonly schema: z.ZodType
  readonly example: Fields
  readonly required: readonly string[]
  /** The values of each enumerated field. */
  readonly enums?: Readonly<Record<string, readonly string[]>>
}

const syncModes = ['full_refresh', 'incremental']
const destinationSyncModes = ['append', 'overwrite', 'append_dedup', 'update', 'soft_delete']
const changeReasons = ['SOURCE', 'DESTINATION', 'PLATFORM']
  .flatMap((part) =>
    ['RECORD_SIZE_LIMITATION', 'FIELD_SIZE_LIMITATION', 'SERIALIZATION_ERROR'].map((end) => `${part}_${end}`),
  )
  .concat('SOURCE_RETRIEVAL_ERROR', 'DESTINATION_TYPECAST_ERROR')

const streamDescriptor: Definition = {
  name: 'StreamDescriptor',
  schema: streamDescriptorSchema,
  example: { name: 'orders', namespace: 'public' },
  required: ['name'],
}
const recordChange: Definition = {
  name: 'AirbyteRecordMessageMetaChange',
  schema: airbyteRecordMessageMetaChangeSchema,
  example: { field: 'amount', change: 'NULLED', reason: 'DESTINATION_TYPECAST_ERROR' },
  required: ['field', 'change', 'reason'],
  enums: { change: ['NULLED', 'TRUNCATED'], reason: changeReasons },
}
const recordMeta: Definition = {
  name: 'AirbyteRecordMessageMeta',
  schema: airbyteRecordMessageMetaSchema,
  example: { changes: [recordChange.example] },
  required: [],
}
const fileReference: Definition = {
  name: 'AirbyteRecordMessageFileReference',
  schema: airbyteRecordMessageFileReferenceSchema,
  example: { staging_file_url: '/staging/a.pdf', source_file_relative_path: 'a.pdf', file_size_bytes: 1024 },
  required: [],
}
const record: Definition = {
  name: 'AirbyteRecordMessage',
  schema: airbyteRecordMessageSchema,
  example: {
    stream: 'orders',
    namespace: 'public',
    data: { id: 1, note: null },
    emitted_at: 1_700_000_000_000,
    meta: recordMeta.example,
    file_reference: fileReference.example,
  },
  required: ['stream', 'data', 'emitted_at'],
}
const stats: Definition = {
  name: 'AirbyteStateStats',
  schema: airbyteStateStatsSchema,
  example: { recordCount: 3, rejectedRecordCount: 1 },
  required: [],
}
const streamState: Definition = {
  name: 'AirbyteStreamState',
  schema: airbyteStreamStateSchema,
  example: { stream_descriptor: streamDescriptor.example, stream_state: { cursor: '2024-01-01' } },
  required: ['stream_descriptor'],
}
const globalState: Definition = {
  name: 'AirbyteGlobalState',
  schema: airbyteGlobalStateSchema,
  example: { shared_state: { lsn: '0/16B3748' }, stream_states: [streamState.example] },
  required: ['stream_states'],
}
const stateParts = { data: { cursor: 7 }, sourceStats: stats.example, destinationStats: stats.example }
const states: readonly Definition[] = [
  { name: 'STREAM', example: { type: 'STREAM', stream: streamState.example, ...stateParts }, required: ['stream'] },
  { name: 'GLOBAL', example: { type: 'GLOBAL', global: globalState.example, ...stateParts }, required: ['global'] },
  { name: 'LEGACY', example: { type: 'LEGACY', ...stateParts }, required: [] },
].map((state) => ({ ...state, name: `AirbyteStateMessage ${state.name}`, schema: airbyteStateMessageSchema }))

const log: Definition = {
  name: 'AirbyteLogMessage',
  schema: airbyteLogMessageSchema,
  example: { level: 'INFO', message: 'Connected', stack_trace: 'at main' },
  required: ['level', 'message'],
  enums: { level: ['FATAL', 'ERROR', 'WARN', 'INFO', 'DEBUG', 'TRACE'] },
}
const errorTrace: Definition = {
  name: 'AirbyteErrorTraceMessage',
  schema: airbyteErrorTraceMessageSchema,
  example: {
    message: 'The server refused the password',
    internal_message: '28P01',
    stack_trace: 'at connect',
    failure_type: 'config_error',
    stream_descriptor: streamDescriptor.example,
  },
  required: ['message'],
  enums: { failure_type: ['system_error', 'config_error', 'transient_error'] },
}
const estimateTrace: Definition = {
  name: 'AirbyteEstimateTraceMessage',
  schema: airbyteEstimateTraceMessageSchema,
  example: { name: 'orders', type: 'STREAM', namespace: 'public', row_estimate: 10, byte_estimate: 1000 },
  required: ['name', 'type'],
  enums: { type: ['STREAM', 'SYNC'] },
}
const statusReason: Definition = {
  name: 'AirbyteStreamStatusReason',
  schema: airbyteStreamStatusReasonSchema,
  example: { type: 'RATE_LIMITED', rate_limited: { quota_reset: 1_700_000_000_000 } },
  required: ['type'],
  enums: { type: ['RATE_LIMITED'] },
}
const statusTrace: Definition = {
  name: 'AirbyteStreamStatusTraceMessage',
  schema: airbyteStreamStatusTraceMessageSchema,
  example: { stream_descriptor: streamDescriptor.example, status: 'RUNNING', reasons: [statusReason.example] },
  required: ['stream_descriptor', 'status'],
  enums: { status: ['STARTED', 'RUNNING', 'COMPLETE', 'INCOMPLETE'] },
}
const analyticsTrace: Definition = {
  name: 'AirbyteAnalyticsTraceMessage',
  schema: airbyteAnalyticsTraceMessageSchema,
  example: { type: 'postgres-version', value: '18' },
  required: ['type'],
}
const traces: readonly Definition[] = [
  { type: 'ERROR', payload: 'error', example: errorTrace.example },
  { type: 'ESTIMATE', payload: 'estimate', example: estimateTrace.example },
  { type: 'STREAM_STATUS', payload: 'stream_status', example: statusTrace.example },
  { type: 'ANALYTICS', payload: 'analytics', example: analyticsTrace.example },
].map(({ type, payload, example }) => ({
  name: `AirbyteTraceMessage ${type}`,
  schema: airbyteTraceMessageSchema,
  example: { type, emitted_at: 1_700_000_000_000.5, [payload]: example },
  required: ['type', 'emitted_at', payload],
}))

const controlConfig: Definition = {
  name: 'AirbyteControlConnectorConfigMessage',
  schema: airbyteControlConnectorConfigMessageSchema,
  example: { config: { token: 'renewed' } },
  required: ['config'],
}
const control: Definition = {
  name: 'AirbyteControlMessage',
  schema: airbyteControlMessageSchema,
  example: { type: 'CONNECTOR_CONFIG', emitted_at: 1_700_000_000_000.5, connectorConfig: controlConfig.example },
  required: ['type', 'emitted_at', 'connectorConfig'],
}
const connectionStatus: Definition = {
  name: 'AirbyteConnectionStatus',
  schema: airbyteConnectionStatusSchema,
  example: { status: 'FAILED', message: 'No such host' },
  required: ['status'],
  enums: { status: ['SUCCEEDED', 'FAILED'] },
}
const stream: Definition = {
  name: 'AirbyteStream',
  schema: airbyteStreamSchema,
  example: {
    name: 'orders',
    namespace: 'public',
    json_schema: { type: 'object' },
    supported_sync_modes: syncModes,
    source_defined_cursor: true,
    default_cursor_field: ['updated_at'],
    source_defined_primary_key: [['id'], ['address', 'city']],
    is_resumable: true,
    is_file_based: false,
  },
  required: ['name', 'json_schema', 'supported_sync_modes'],
}
const catalog: Definition = {
  name: 'AirbyteCatalog',
  schema: airbyteCatalogSchema,
  example: { streams: [stream.example] },
  required: ['streams'],
}
const configuredStream: Definition = {
  name: 'ConfiguredAirbyteStream',
  schema: configuredAirbyteStreamSchema,
  example: {
    stream: stream.example,
    sync_mode: 'incremental',
    destination_sync_mode: 'append_dedup',
    cursor_field: ['updated_at'],
    primary_key: [['id']],
    destination_object_name: 'orders',
    generation_id: 2,
    minimum_generation_id: 0,
    sync_id: 17,
    include_files: false,
  },
  required: ['stream', 'sync_mode', 'destination_sync_mode'],
  enums: { sync_mode: syncModes, destination_sync_mode: destinationSyncModes },
}
const configuredCatalog: Definition = {
  name: 'ConfiguredAirbyteCatalog',
  schema: configuredAirbyteCatalogSchema,
  example: { streams: [configuredStream.example] },
  required: ['streams'],
}
const destinationOperation: Definition = {
  name: 'DestinationOperation',
  schema: destinationOperationSchema,
  example: {
    object_name: 'contact',
    sync_mode: 'update',
    json_schema: { type: 'object' },
    matching_keys: [['email'], ['address', 'city']],
  },
  required: ['object_name', 'sync_mode', 'json_schema'],
  enums: { sync_mode: destinationSyncModes },
}
const destinationCatalog: Definition = {
  name: 'DestinationCatalog',
  schema: destinationCatalogSchema,
  example: { operations: [destinationOperation.example] },
  required: ['operations'],
}
const oauth2: Definition = {
  name: 'OAuth2Specification',
  schema: oauth2SpecificationSchema,
  example: {
    rootObject: ['credentials', 0],
    oauthFlowInitParameters: [['client_id']],
    oauthFlowOutputParameters: [['refresh_token']],
  },
  required: [],
}
const oauthInput: Definition = {
  name: 'oauth_connector_input_specification',
  schema: oauthConnectorInputSpecificationSchema,
  example: {
    consent_url: 'https://example.org/consent',
    access_token_url: 'https://example.org/token',
    scope: 'read',
    access_token_headers: { accept: 'application/json' },
    access_token_params: { grant_type: 'authorization_code' },
    extract_output: ['refresh_token'],
    state: { min: 7, max: 128 },
    client_id_key: 'a',
    client_secret_key: 'b',
    scope_key: 'c',
    state_key: 'd',
    auth_code_key: 'e',
    redirect_uri_key: 'f',
    token_expiry_key: 'g',
  },
  required: ['consent_url', 'access_token_url'],
}
const oauthConfig: Definition = {
  name: 'OAuthConfigSpecification',
  schema: oauthConfigSpecificationSchema,
  example: {
    oauth_user_input_from_connector_config_specification: {},
    oauth_connector_input_specification: oauthInput.example,
    complete_oauth_output_specification: {},
    complete_oauth_server_input_specification: {},
    complete_oauth_server_output_specification: {},
  },
  required: [],
}
const authSpecification: Definition = {
  name: 'authSpecification',
  schema: authSpecificationSchema,
  example: { auth_type: 'oauth2.0', oauth2Specification: oauth2.example },
  required: [],
  enums: { auth_type: ['oauth2.0'] },
}
const advancedAuth: Definition = {
  name: 'advanced_auth',
  schema: advancedAuthSchema,
  example: {
    auth_flow_type: 'oauth2.0',
    predicate_key: ['credentials', 'auth_type'],
    predicate_value: 'client',
    oauth_config_specification: oauthConfig.example,
  },
  required: [],
  enums: { auth_flow_type: ['oauth2.0', 'oauth1.0'] },
}
const spec: Definition = {
  name: 'ConnectorSpecification',
  schema: connectorSpecificationSchema,
  example: {
    connectionSpecification: { type: 'object' },
    documentationUrl: 'https://example.org/docs',
    changelogUrl: 'https://example.org/changes',
    supportsIncremental: true,
    supportsNormalization: false,
    supportsDBT: false,
    supported_destination_sync_modes: destinationSyncModes,
    authSpecification: authSpecification.example,
    advanced_auth: advancedAuth.example,
    protocol_version: '0.18.0',
  },
  required: ['connectionSpecification'],
}
const messages: readonly Definition[] = [
  { type: 'RECORD', payload: 'record', example: record.example },
  ...states.map(({ example }) => ({ type: 'STATE', payload: 'state', example })),
  { type: 'LOG', payload: 'log', example: log.example },
  { type: 'SPEC', payload: 'spec', example: spec.example },
  { type: 'CONNECTION_STATUS', payload: 'connectionStatus', example: connectionStatus.example },
  { type: 'CATALOG', payload: 'catalog', example: catalog.example },
  ...traces.map(({ example }) => ({ type: 'TRACE', payload: 'trace', example })),
  { type: 'CONTROL', payload: 'control', example: control.example },
  { type: 'DESTINATION_CATALOG', payload: 'destination_catalog', example: destinationCatalog.example },
].map(({ type, payload, example }) => ({
  name: ['AirbyteMessage', type, example.type].filter((part) => typeof part === 'string').join(' '),
  schema: airbyteMessageSchema,
  example: { type, [payload]: example },
  required: ['type', payload],
}))

const definitions: readonly Definition[] = [
  [streamDescriptor, recordChange, recordMeta, fileReference, record, stats, streamState, globalState, ...states],
  [log, errorTrace, estimateTrace, statusReason, statusTrace, analyticsTrace, ...traces, controlConfig, control],
  [connectionStatus, stream, catalog, configuredStream, configuredCatalog, destinationOperation, destinationCatalog],
  [oauth2, oauthInput, oauthConfig, authSpecification, advancedAuth, spec, ...messages],
].flat()

/** A value that no field of the protocol takes: neither scalar nor object, and no list of anything it has. */
const wrongValue = [false]

function accepts({ schema }: Definition, value: unknown): boolean {
  return schema.safeParse(value).success
}

function without(example: Fields, field: string): Fields {
  return Object.fromEntries(Object.entries(example).filter(([key]) => key !== field))
}

describe.each(definitions.map((definition) => [definition.name, definition] as const))('%s', (_name, definition) => {
  const { schema, example, required, enums = {} } = definition
  const optional = Object.keys(example).filter((field) => !required.includes(field))

  test('takes every field of the protocol, and keeps one that the protocol does not have', () => {
    const extended = { ...example, later_field: { deep: [1] } }
    expect(schema.parse(extended)).toEqual(extended)
  })

  test('knows the type of every field', () => {
    for (const field of Object.keys(example)) {
      expect({ field, accepted: accepts(definition, { ...example, [field]: wrongValue }) }).toEqual({
        field,
        accepted: false,
      })
    }
  })

  test('asks for what is required, and takes the rest absent or null', () => {
    for (const field of required) {
      expect({ field, accepted: accepts(definition, without(example, field)) }).toEqual({ field, accepted: false })
    }
    for (const field of optional) {
      expect({ field, accepted: accepts(definition, without(example, field)) }).toEqual({ field, accepted: true })
      expect({ field, accepted: accepts(definition, { ...example, [field]: null }) }).toEqual({ field, accepted: true })
    }
  })

  test('takes every value of its enumerations and no other', () => {
    for (const [field, values] of Object.entries(enums)) {
      for (const value of values) expect(accepts(definition, { ...example, [field]: value })).toBe(true)
      expect(accepts(definition, { ...example, [field]: 'ANOTHER' })).toBe(false)
    }
  })
})

test('A state without a type is LEGACY, whatever else it has', () => {
  const state = airbyteStateMessageSchema.parse({ data: { cursor: 1 }, stream: 'not looked at' })
  expect(state.type === 'STREAM' || state.type === 'GLOBAL').toBe(false)
})

test('A stream must have a sync mode', () => {
  expect(accepts(stream, { ...stream.example, supported_sync_modes: [] })).toBe(false)
})

test('An integer field takes neither a fraction nor an integer that a double cannot hold', () => {
  expect(accepts(record, { ...record.example, emitted_at: 1.5 })).toBe(false)
  expect(accepts(configuredStream, { ...configuredStream.example, sync_id: 2 ** 53 })).toBe(false)
})

test('An object field does not take a number that is kept as an object', () => {
  expect(accepts(record, { ...record.example, data: new JsonNumber('1e400') })).toBe(false)
})
