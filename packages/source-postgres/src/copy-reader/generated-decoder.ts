import { BitColumn, FixedColumn, VariableColumn } from '../codec/arrow-column.ts'
import type { ArrowColumn } from '../codec/arrow-column.ts'
import type { ValueCodec } from '../codec/value-codec.ts'
import {
  copyDataType,
  messageHeaderBytes,
  trailerCount,
  wrongFieldCount,
  wrongFieldLength,
  wrongTupleLength,
} from './tuple-decoder.ts'
import type { TupleDecoder, TupleDecoderOptions } from './tuple-decoder.ts'

/*
 * One function per table: a loop over the messages with one straight block per column, whose arrays are local
 * variables. The names in the source: k is the column's index; C its ArrowColumn, V its validity bits, U its nulls so
 * far; W, H and T the words, halves or bits of fixed-width columns; F offsets, D block, O bytes in use, Z block size of
 * variable ones. The machine may be little-endian only, as every platform of Node that PostgreSQL data comes to is.
 */

/** Functions beyond this size are not optimised by V8; the interpreted decoder is faster then. */
const columnsMax = 200

/** Undefined where code may not be generated, or where it would not help. */
export function createGeneratedDecoder({ codecs, builder }: TupleDecoderOptions): TupleDecoder | undefined {
  if (codecs.length > columnsMax || !canGenerateCode()) return undefined
  const { columns } = builder
  const state: TupleDecoder = {
    rows: 0,
    isFull: false,
    isEnded: false,
    faultyColumn: -1,
    decode: () => 0,
  }
  const source = decoderSource(codecs, columns, builder)
  // oxlint-disable-next-line typescript/no-implied-eval -- the source is made here alone, of numbers and fixed text
  const make = new Function('columns', 'codecs', 'state', 'faults', source) as (
    ...bindings: unknown[]
  ) => TupleDecoder['decode']
  state.decode = make(columns, codecs, state, { wrongFieldCount, wrongFieldLength, wrongTupleLength })
  return state
}

/** False under --disallow-code-generation-from-strings and in runtimes without `Function`. */
function canGenerateCode(): boolean {
  try {
    // oxlint-disable-next-line typescript/no-implied-eval -- trying is the only way to know
    return typeof new Function('') === 'function'
  } catch {
    return false
  }
}

function decoderSource(
  codecs: readonly ValueCodec[],
  columns: readonly ArrowColumn[],
  limits: { readonly rowsMax: number; readonly bytesMax: number; readonly bytesPerRow: number },
): string {
  const blocks = columns.map((column, k) => columnSource(column, codecs[k]!, k))
  const variableBytes = blocks.map(({ variableBytes: used }) => used).filter((used) => used !== '')
  return `'use strict';
${columns.map((_, k) => `const C${k} = columns[${k}];`).join('\n')}
return function decode(wire, start, end, skip) {
  const { bytes, view } = wire;
  ${blocks.map(({ load }) => load).join('\n  ')}
  let i = state.rows, at = start, payload = ${messageHeaderBytes} + skip, isFull = false, n = 0;
  while (at + ${messageHeaderBytes} <= end && bytes[at] === ${copyDataType}) {
    const next = at + 1 + view.getInt32(at + 1);
    if (next > end) break;
    if (i === ${limits.rowsMax} || (i !== 0 && ${[`i * ${limits.bytesPerRow}`, ...variableBytes].join(' + ')} + (next - at) > ${limits.bytesMax})) {
      isFull = true;
      break;
    }
    let p = at + payload + 2;
    payload = ${messageHeaderBytes};
    const count = view.getInt16(p - 2);
    if (count !== ${columns.length}) {
      if (count !== ${trailerCount} || p !== next) { state.faultyColumn = -1; throw faults.wrongFieldCount(count, ${columns.length}); }
      state.isEnded = true;
      at = next;
      break;
    }
    ${blocks.map(({ decode }) => decode).join('\n    ')}
    if (p !== next) { state.faultyColumn = -1; throw faults.wrongTupleLength(); }
    at = next;
    i++;
  }
  ${blocks.map(({ store }) => store).join('\n  ')}
  state.rows = i;
  state.isFull = isFull;
  return at;
}`
}

interface ColumnSource {
  /** Brings the column's arrays into local variables. */
  readonly load: string
  readonly decode: string
  /** Writes back what changed. */
  readonly store: string
  /** Expression of the bytes in use beyond the fixed ones. */
  readonly variableBytes: string
}

function columnSource(column: ArrowColumn, codec: ValueCodec, k: number): ColumnSource {
  const { inline } = codec
  const call = `codecs[${k}].decodeBinary(C${k}, i, wire, p, n)`
  const guardedCall = `{ state.faultyColumn = ${k}; ${call}; }`
  const fail = `{ state.faultyColumn = ${k}; throw faults.wrongFieldLength(n); }`
  const readLength = 'n = view.getInt32(p); p += 4;'

  if (inline?.kind === 'copy' && column instanceof VariableColumn)
    return copySource(k, inline.versionByte, { fail, call: guardedCall })
  if (inline && inline.kind !== 'copy' && (column instanceof FixedColumn || column instanceof BitColumn)) {
    const statements = inline.source({ words: `A${k}`, halves: `A${k}`, bits: `A${k}`, slow: guardedCall })
    const isExpected = inline.kind === 'fixed' ? `n === ${inline.length}` : `n >= 0 && n <= next - p`
    return {
      load: `const A${k} = C${k}.${arrayName(column)}, V${k} = C${k}.validity; let U${k} = 0;`,
      decode: `${readLength} if (${isExpected}) { ${statements} p += n; } else if (n === -1) { ${nullSource(k)} ${zeroSource(column, k)} } else ${fail}`,
      store: `C${k}.nullCount += U${k};`,
      variableBytes: '',
    }
  }
  return {
    load: '',
    decode: `${readLength} if (n >= 0 && n <= next - p) { ${guardedCall} p += n; } else if (n === -1) C${k}.setNull(i); else ${fail}`,
    store: '',
    variableBytes: `C${k}.variableBytes`,
  }
}

function copySource(
  k: number,
  versionByte: number | undefined,
  { fail, call }: { fail: string; call: string },
): ColumnSource {
  // A wrong version byte is left to decodeBinary, which refuses it.
  const version = versionByte === undefined ? '' : `if (n === 0 || bytes[p] !== ${versionByte}) ${call} p++; n--;`
  return {
    load: `const F${k} = C${k}.offsets, V${k} = C${k}.validity; let D${k} = C${k}.block, Z${k} = D${k}.length, O${k} = C${k}.variableBytes, U${k} = 0;`,
    decode: `n = view.getInt32(p); p += 4;
    if (n >= 0 && n <= next - p) {
      ${version}
      if (O${k} + n > Z${k}) { state.faultyColumn = ${k}; C${k}.variableBytes = O${k}; C${k}.ensure(n); D${k} = C${k}.block; Z${k} = D${k}.length; }
      if (n < 48) for (let b = 0; b < n; b++) D${k}[O${k} + b] = bytes[p + b]; else bytes.copy(D${k}, O${k}, p, p + n);
      O${k} += n; p += n;
    } else if (n === -1) { ${nullSource(k)} } else ${fail}
    F${k}[i + 1] = O${k};`,
    store: `C${k}.variableBytes = O${k}; C${k}.nullCount += U${k};`,
    variableBytes: `O${k}`,
  }
}

function nullSource(k: number): string {
  return `V${k}[i >> 3] &= ~(1 << (i & 7)); U${k}++;`
}

/** Slots under a null are zero, so that equal rows give equal bytes. */
function zeroSource(column: FixedColumn | BitColumn, k: number): string {
  if (column instanceof BitColumn) return ''
  if (column.bytesPerRow <= 4) return `A${k}[i] = 0;`
  const words = column.bytesPerRow / 4
  return Array.from({ length: words }, (_, word) => `A${k}[${words} * i + ${word}] = 0;`).join(' ')
}

function arrayName(column: FixedColumn | BitColumn): string {
  if (column instanceof BitColumn) return 'bits'
  return column.bytesPerRow === 2 ? 'halves' : 'words'
}
