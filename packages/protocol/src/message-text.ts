import { JsonNumber } from './json-number.ts'
import { stringifyJson } from './json-text.ts'
import type { AirbyteMessage, AirbyteMessageOf } from './message.ts'
import type { AirbyteStateStats } from './state.ts'

/**
 * Writes a message as one line of JSON without the line ending.
 *
 * The counts of a STATE get a decimal point (`3.0`): the protocol has them as doubles, and readers with typed JSON
 * take `3` for an integer.
 *
 * @throws ProtocolError PROTOCOL_NUMBER_UNREPRESENTABLE for NaN and the infinities anywhere in the message.
 */
export function formatMessage(message: AirbyteMessage): string {
  return stringifyJson(isState(message) ? withDecimalPoints(message) : message)
}

function isState(message: AirbyteMessage): message is AirbyteMessageOf<'STATE'> {
  return message.type === 'STATE'
}

function withDecimalPoints(message: AirbyteMessageOf<'STATE'>): object {
  const { sourceStats, destinationStats } = message.state
  const state: Record<string, unknown> = { ...message.state }
  if (sourceStats) state.sourceStats = statsAsDoubles(sourceStats)
  if (destinationStats) state.destinationStats = statsAsDoubles(destinationStats)
  return { ...message, state }
}

function statsAsDoubles(stats: AirbyteStateStats): object {
  const doubles: Record<string, unknown> = { ...stats }
  for (const key of ['recordCount', 'rejectedRecordCount']) {
    const count = doubles[key]
    // From 1e21 on a number is written with an exponent, which says double as well.
    if (typeof count === 'number' && /^-?\d+$/.test(String(count))) doubles[key] = new JsonNumber(`${count}.0`)
  }
  return doubles
}
