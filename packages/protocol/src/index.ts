export * from './catalog.ts'
export * from './configured-catalog.ts'
export * from './connection-status.ts'
export * from './control.ts'
export * from './destination-catalog.ts'
export { JsonNumber } from './json-number.ts'
export { parseJson, stringifyJson } from './json-text.ts'
export { isJsonObject, type JsonObject, type JsonValue } from './json-value.ts'
export * from './log.ts'
export {
  type MalformedLine,
  type MalformedReason,
  type MessageLine,
  type ProtocolLine,
  type TextLine,
  type UnknownMessageLine,
} from './message-line.ts'
export * from './message-reader.ts'
export { formatMessage } from './message-text.ts'
export * from './message-writer.ts'
export * from './message.ts'
export * from './oauth.ts'
export * from './protocol-error.ts'
export * from './record.ts'
export * from './spec.ts'
export * from './state.ts'
export * from './stream-descriptor.ts'
export * from './sync-mode.ts'
export * from './trace.ts'
