/**
 * One line of a connector's output, told apart: a message, a message of a later protocol, plain text, or damage.
 *
 * Every message is checked by its zod schema, RECORDs too: that costs far less than parsing one, since `data` is only
 * checked for being an object. What is yielded is the parsed JSON itself and not the schema's copy of it, which would
 * lose a key named `__proto__`.
 */
import type { ByteLine } from './byte-lines.ts'
import { parseJsonText } from './json-text.ts'
import type { ParsedJson } from './json-text.ts'
import { isJsonObject } from './json-value.ts'
import type { JsonObject, JsonValue } from './json-value.ts'
import { airbyteMessageSchema, isAirbyteMessageType } from './message.ts'
import type { AirbyteMessage, UnknownMessage } from './message.ts'

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
  const parsed = tryParseJson(text)
  if (parsed === undefined) return malformed({ lineNumber, text }, 'not_json', notJson)
  const { value } = parsed
  if (!isTyped(value)) return { kind: 'text', lineNumber, text }
  if (!isAirbyteMessageType(value.type)) return { kind: 'unknown', lineNumber, text, message: value }
  const problems = findProblems(parsed, text)
  if (!isMessage(value, problems)) return malformed({ lineNumber, text }, 'invalid_message', problems.join('; '))
  return { kind: 'message', lineNumber, text, message: value }
}

const notJson = 'The line is not valid JSON; it may be cut off, mixed with others, or nested too deeply'

function malformed(line: Line, reason: MalformedReason, problem: string): MalformedLine {
  return { kind: 'malformed', ...line, reason, problem }
}

/** JSON.parse quotes its input in the message of its error, so the error is dropped here. */
function tryParseJson(text: string): ParsedJson | undefined {
  try {
    return parseJsonText(text)
  } catch {
    return undefined
  }
}

function isTyped(value: JsonValue): value is JsonObject & { readonly type: string } {
  return isJsonObject(value) && typeof value.type === 'string'
}

/** The problems are those of this value; without any it has the schema's type. */
function isMessage(value: JsonObject, problems: readonly string[]): value is JsonObject & AirbyteMessage {
  return problems.length === 0
}

/**
 * The schema sees a value with a `JsonNumber` twice: as it is yielded, so that none stands where a number is promised,
 * and as JSON.parse has it, so that none stands where an object is promised, which it would be to zod.
 */
function findProblems({ value, mayHoldJsonNumber }: ParsedJson, text: string): readonly string[] {
  const problems = describeIssues(value)
  return problems.length > 0 || !mayHoldJsonNumber ? problems : describeIssues(JSON.parse(text))
}

/** Issues name fields and what was expected, never a value. */
function describeIssues(value: unknown): readonly string[] {
  const result = airbyteMessageSchema.safeParse(value)
  if (result.success) return []
  return result.error.issues.map((issue) => `${issue.path.map(String).join('.')}: ${issue.message}`)
}
