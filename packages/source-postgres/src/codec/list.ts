import type { ListColumn } from './arrow-column.ts'
import { parseArrayLiteral, quoteArrayElement } from './array-literal.ts'
import { boundsLost } from './json-text.ts'
import { malformed } from './value-codec.ts'
import type { ValueCodec, WireBytes } from './value-codec.ts'

/*
 * One-dimensional arrays as lists. An array value may have any number of dimensions, whatever its column declares, and
 * each dimension any lower bound: a list holds neither, so the exact literal is reported beside it.
 */

const headerBytes = 12
const dimensionBytes = 8
/** MAXDIM of PostgreSQL. */
const dimensionsMax = 6

export function listCodec(element: ValueCodec, delimiter: string): ValueCodec {
  return {
    columnType: { type: 'list', element: element.columnType },
    hasBinaryForm: element.hasBinaryForm,
    decodeBinary(target: ListColumn, row, wire, start, length) {
      const { dimensions } = readArrayHeader(wire, start, length)
      if (dimensions.length > 1) {
        target.reject(row, multiDimensional, formatArray(element, delimiter, wire, start, length))
        return
      }
      decodeElements(element, target, wire, { start, length })
      target.finishValue(row)
      const loss = lossOf(
        target,
        dimensions.some(({ lowerBound }) => lowerBound !== 1),
      )
      if (loss !== undefined) target.truncate(row, loss, formatArray(element, delimiter, wire, start, length))
    },
    decodeText(target: ListColumn, row, text) {
      const { items, hasOtherBounds } = parseArrayLiteral(text, delimiter)
      if (items.some((item) => item !== null && typeof item !== 'string')) {
        target.reject(row, multiDimensional, text)
        return
      }
      for (const item of items) {
        const at = target.addElement()
        if (item === null) target.child.setNull(at)
        else element.decodeText(target.child, at, String(item))
      }
      target.finishValue(row)
      const loss = lossOf(target, hasOtherBounds)
      if (loss !== undefined) target.truncate(row, loss, text)
    },
    formatBinary: (wire, start, length) => formatArray(element, delimiter, wire, start, length),
  }
}

const multiDimensional = 'an array of more than one dimension does not fit a list'

function lossOf(target: ListColumn, hasOtherBounds: boolean): string | undefined {
  const reason = target.elementRejection ?? (hasOtherBounds ? boundsLost : undefined)
  target.elementRejection = undefined
  return reason
}

interface Dimension {
  readonly length: number
  readonly lowerBound: number
}

/** The binary form: dimensions, has-nulls flag, element oid; length and lower bound of each dimension; elements. */
function readArrayHeader({ view }: WireBytes, start: number, length: number) {
  if (length < headerBytes) throw malformed('the array is shorter than its header')
  const count = view.getInt32(start)
  if (count < 0 || count > dimensionsMax || headerBytes + count * dimensionBytes > length) {
    throw malformed(`the array has ${count} dimensions`)
  }
  const dimensions: Dimension[] = []
  for (let index = 0; index < count; index++) {
    const at = start + headerBytes + index * dimensionBytes
    const dimension = { length: view.getInt32(at), lowerBound: view.getInt32(at + 4) }
    if (dimension.length < 1) throw malformed('a dimension of the array has no elements')
    dimensions.push(dimension)
  }
  return { dimensions, elementsStart: start + headerBytes + count * dimensionBytes }
}

/** Calls back for each element in order, with length -1 for null, and checks that they fill the value exactly. */
function forEachElement(
  wire: WireBytes,
  { start, length }: { readonly start: number; readonly length: number },
  visit: (elementStart: number, elementLength: number) => void,
): void {
  const { dimensions, elementsStart } = readArrayHeader(wire, start, length)
  const count = dimensions.reduce((product, dimension) => product * dimension.length, dimensions.length > 0 ? 1 : 0)
  const end = start + length
  let at = elementsStart
  for (let index = 0; index < count; index++) {
    if (at + 4 > end) throw malformed('the array has fewer elements than it announces')
    const elementLength = wire.view.getInt32(at)
    at += 4
    if (elementLength < -1 || at + elementLength > end) throw malformed('an element of the array is cut off')
    visit(at, elementLength)
    at += Math.max(elementLength, 0)
  }
  if (at !== end) throw malformed('the array has more elements than it announces')
}

function decodeElements(
  element: ValueCodec,
  target: ListColumn,
  wire: WireBytes,
  value: { readonly start: number; readonly length: number },
): void {
  forEachElement(wire, value, (elementStart, elementLength) => {
    const at = target.addElement()
    if (elementLength === -1) target.child.setNull(at)
    else element.decodeBinary(target.child, at, wire, elementStart, elementLength)
  })
}

/** The literal that array_out of PostgreSQL prints. */
function formatArray(element: ValueCodec, delimiter: string, wire: WireBytes, start: number, length: number): string {
  const { dimensions } = readArrayHeader(wire, start, length)
  let texts: string[] = []
  forEachElement(wire, { start, length }, (elementStart, elementLength) => {
    texts.push(
      elementLength === -1
        ? 'NULL'
        : quoteArrayElement(element.formatBinary(wire, elementStart, elementLength), delimiter),
    )
  })
  for (const dimension of dimensions.toReversed()) texts = inBraces(texts, dimension.length, delimiter)
  const bounds = dimensions.some(({ lowerBound }) => lowerBound !== 1)
    ? `${dimensions.map((dimension) => `[${dimension.lowerBound}:${dimension.lowerBound + dimension.length - 1}]`).join('')}=`
    : ''
  return bounds + (texts[0] ?? '{}')
}

function inBraces(texts: readonly string[], size: number, delimiter: string): string[] {
  const groups: string[] = []
  for (let at = 0; at < texts.length; at += size) groups.push(`{${texts.slice(at, at + size).join(delimiter)}}`)
  return groups
}
