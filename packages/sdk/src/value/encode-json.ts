import { Misfit } from './misfit.ts'

/**
 * The text of a JSON document: a string is the document as it stands; anything else is written as JSON, with all digits
 * of a bigint. What JSON would drop or change silently (NaN, undefined in an array, Map, bytes) is a misfit.
 */
export function encodeJson(value: unknown): string | Misfit {
  return typeof value === 'string' ? encodeDocument(value) : encodeObject(value)
}

function encodeDocument(text: string): string | Misfit {
  if (!text.isWellFormed()) return new Misfit('not well-formed Unicode')
  try {
    JSON.parse(text)
    return text
  } catch {
    return new Misfit('not a JSON document; JSON.stringify a text that is meant as a value')
  }
}

function encodeObject(value: unknown): string | Misfit {
  try {
    const text = JSON.stringify(value, faithfulMember) as string | undefined
    return text === undefined ? new Misfit('JSON has no form of it') : text
  } catch (error) {
    return new Misfit(error instanceof Unfaithful ? error.message : 'not JSON: it is circular or refuses to be written')
  }
}

class Unfaithful extends Error {}

/** Writes digits that a JavaScript number cannot hold. In V8 since Node 21, not yet in TypeScript's library. */
const { rawJSON: rawJson } = JSON as typeof JSON & { rawJSON: (text: string) => unknown }

function faithfulMember(this: unknown, key: string, member: unknown): unknown {
  const original = (this as Record<string, unknown>)[key]
  if (original instanceof Date && Number.isNaN(original.getTime())) throw new Unfaithful('JSON has no invalid Date')
  if (typeof member === 'bigint') return rawJson(String(member))
  if (typeof member === 'number') return faithfulNumber(member)
  if (typeof member === 'function' || typeof member === 'symbol' || (member === undefined && Array.isArray(this))) {
    throw new Unfaithful(`JSON has no ${typeof member}`)
  }
  if (member instanceof Map || member instanceof Set || ArrayBuffer.isView(member) || member instanceof ArrayBuffer) {
    throw new Unfaithful(`JSON has no ${member.constructor.name}`)
  }
  return member
}

function faithfulNumber(number: number): unknown {
  if (!Number.isFinite(number)) throw new Unfaithful(`JSON has no ${number}`)
  return Object.is(number, -0) ? rawJson('-0') : number
}
