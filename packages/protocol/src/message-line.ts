/**
 * One line of a connector's output, told apart: a message, a message of a later protocol, plain text, or damage.
 *
 * A RECORD is the hot path: its envelope is checked by hand, and its `data` only for being an object, at a fraction of
 * the cost of a zod parse (which would also copy it). Everything else is checked by its zod schema. In either case the
 * message is the parsed JSON itself and not a schema's copy of it, so nothing is lost on the way.
 */
import type { ByteLine } from './byte-lines.ts'
import { parseJson } from './json-text.ts'
import { isJsonObject } from './json-value.ts'
import type { JsonObject, JsonValue } from './json-value.ts'
import { airbyteMessageSchema, isAirbyteMessageType } from './message.ts'
import type { AirbyteMessage, AirbyteMessageOf, UnknownMessage } from './message.ts'

/** Why a line that was meant as a message is none. */
export type MalformedReason = 'not_utf8' | 'not_json' | 'invalid_message'

interface Line {
  /** From 1; empty lines count, though they are not yielded. */
  readonly lineNumber: number
  /** The line as it came, without its line ending. It may hold row values and secrets: do not log it unread. */
  readonly text: string
}

/** A message of the protocol, checked. */
export interface MessageLine extends Line {
  readonly kind: 'message'
  readonly message: AirbyteMessage
}

/** A JSON object with a `type` that this release does not have: a message of a later one. Pass its `text` on. */
export interface UnknownMessageLine extends Line {
  readonly kind: 'unknown'
  readonly message: UnknownMessage
}

/** Something else that a program printed: no JSON object, or one without a `type`. Usually worth a log entry. */
export interface TextLine extends Line {
  readonly kind: 'text'
}

/** Begins like a JSON object but is cut off, mixed up, not UTF-8, or breaks the schema of its type. */
export interface MalformedLine extends Line {
  readonly kind: 'malformed'
  readonly reason: MalformedReason
  /** What is wrong in one sentence, without values of the line. */
  readonly problem: string
}

export type ProtocolLine = MessageLine | UnknownMessageLine | TextLine | MalformedLine

/** Tells what one line is. Never throws. */
export function parseProtocolLine({ lineNumber, text, isUtf8 }: ByteLine): ProtocolLine {
  if (!/^\s*\{/.test(text)) return { kind: 'text', lineNumber, text }
  if (!isUtf8) return malformed({ lineNumber, text }, 'not_utf8', 'The line is not valid UTF-8')
  const value = tryParseJson(text)
  if (value === undefined) {
    return malformed(
      { lineNumber, text },
      'not_json',
      'The line is not valid JSON; it may be cut off or mixed with others',
    )
  }
  if (!isTyped(value)) return { kind: 'text', lineNumber, text }
  if (!isAirbyteMessageType(value.type)) return { kind: 'unknown', lineNumber, text, message: value }
  if (isSoundRecord(value)) return { kind: 'message', lineNumber, text, message: value }
  return checkedBySchema({ lineNumber, text }, value)
}

function malformed(line: Line, reason: MalformedReason, problem: string): MalformedLine {
  return { kind: 'malformed', ...line, reason, problem }
}

/** JSON.parse quotes its input in the message of its error, so the error is dropped here. */
function tryParseJson(text: string): JsonValue | undefined {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}

function isTyped(value: JsonValue): value is JsonObject & { readonly type: string } {
  return isJsonObject(value) && typeof value.type === 'string'
}

/** True for a RECORD that needs no closer look. One with a part that is rare or wrong is left to the schema. */
function isSoundRecord(message: JsonObject): message is JsonObject & AirbyteMessageOf<'RECORD'> {
  if (message.type !== 'RECORD' || !isJsonObject(message.record)) return false
  const { stream, namespace, data, emitted_at, meta, file_reference } = message.record
  return (
    typeof stream === 'string' &&
    isJsonObject(data) &&
    Number.isSafeInteger(emitted_at) &&
    (namespace === undefined || namespace === null || typeof namespace === 'string') &&
    (meta === undefined || meta === null || isEmptyMeta(meta)) &&
    (file_reference === undefined || file_reference === null)
  )
}

/** Many connectors write `"meta":{"changes":[]}` with every record. */
function isEmptyMeta(meta: JsonValue): boolean {
  if (!isJsonObject(meta)) return false
  const { changes } = meta
  return changes === undefined || changes === null || (Array.isArray(changes) && changes.length === 0)
}

function checkedBySchema(line: Line, value: JsonObject): ProtocolLine {
  if (isMessage(value, line.text)) return { kind: 'message', ...line, message: value }
  return malformed(line, 'invalid_message', [...findProblems(value, line.text)].join('; '))
}

function isMessage(value: JsonObject, text: string): value is JsonObject & AirbyteMessage {
  return findProblems(value, text).size === 0
}

/**
 * The schema sees the message twice: as it is yielded, so that no `JsonNumber` stands where a number is promised, and
 * as JSON.parse has it, so that none stands where an object is promised, which it would be to zod.
 */
function findProblems(value: JsonObject, text: string): ReadonlySet<string> {
  return new Set([...describeIssues(value), ...describeIssues(JSON.parse(text))])
}

/** Issues name fields and what was expected, never a value. */
function describeIssues(value: unknown): string[] {
  const issues = airbyteMessageSchema.safeParse(value).error?.issues ?? []
  return issues.map((issue) => `${issue.path.map(String).join('.')}: ${issue.message}`)
}
