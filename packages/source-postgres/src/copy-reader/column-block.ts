import { BitColumn, FixedColumn, VariableColumn } from '../codec/arrow-column.ts'
import type { ArrowColumn } from '../codec/arrow-column.ts'
import type { ValueCodec } from '../codec/value-codec.ts'

/*
 * Source code that stores one column's value of one tuple; what frames the field - COPY or pgoutput - is put around it.
 * The names in the source: k is the column's index; Ck its ArrowColumn, Vk its validity bits, Uk its nulls so far; Ak the
 * array of a fixed-width column; Fk offsets, Dk block, Ok bytes in use, Zk block size of a variable one. In the blocks `i`
 * is the row, `p` the position, `n` the length of the field, `limit` the end of the tuple.
 */

/** More local variables than these columns take cost more than another loop. */
export const columnsPerGroup = 16

/** The source of one column's part. */
export interface ColumnBlock {
  /** Binds the column once. */
  readonly bind: string
  /** Brings its arrays into local variables. */
  readonly load: string
  /** A condition: true when a field of `n` bytes may be given to `value`. */
  readonly accepts: string
  /** Stores the value at `p`. It may move `p` and lessen `n`, but not their sum. */
  readonly value: string
  readonly none: string
  /** Ends the row, whatever was stored. */
  readonly finish: string
  /** Writes back what changed. */
  readonly store: string
  /** Before and after something else writes to the column. */
  readonly release: string
  readonly regain: string
}

/** False under --disallow-code-generation-from-strings and in runtimes without `Function`. */
export function canGenerateCode(): boolean {
  try {
    // oxlint-disable-next-line typescript/no-implied-eval -- trying is the only way to know
    return typeof new Function('') === 'function'
  } catch {
    return false
  }
}

export function columnBlock(column: ArrowColumn, codec: ValueCodec, k: number): ColumnBlock {
  const { inline } = codec
  if (inline?.kind === 'copy' && column instanceof VariableColumn) return copyBlock(k, inline.versionByte)
  const bind = `const C${k} = columns[${k}];`
  const nothing = { finish: '', release: '', regain: '' }
  if (inline && inline.kind !== 'copy' && (column instanceof FixedColumn || column instanceof BitColumn)) {
    const array = `A${k}`
    return {
      ...nothing,
      bind,
      load: `const ${array} = C${k}.${arrayName(column)}, V${k} = C${k}.validity; let U${k} = 0;`,
      accepts: inline.kind === 'fixed' ? `n === ${inline.length}` : fitsTuple,
      value: inline.source({ words: array, halves: array, bits: array, slow: callOf(k) }),
      none: `${nullOf(k)} ${zeroOf(column, k)}`,
      store: `C${k}.nullCount += U${k};`,
    }
  }
  return { ...nothing, bind, load: '', accepts: fitsTuple, value: callOf(k), none: `C${k}.setNull(i);`, store: '' }
}

function copyBlock(k: number, versionByte: number | undefined): ColumnBlock {
  // A wrong version byte is left to decodeBinary, which refuses it.
  const version = versionByte === undefined ? '' : `if (n === 0 || bytes[p] !== ${versionByte}) ${callOf(k)} p++; n--;`
  return {
    bind: `const C${k} = columns[${k}];`,
    load: `const F${k} = C${k}.offsets, V${k} = C${k}.validity; let D${k} = C${k}.block, Z${k} = D${k}.length, O${k} = C${k}.variableBytes, U${k} = 0;`,
    accepts: fitsTuple,
    value: `${version}
      if (O${k} + n > Z${k}) { run.faultyColumn = ${k}; C${k}.variableBytes = O${k}; C${k}.ensure(n); D${k} = C${k}.block; Z${k} = D${k}.length; }
      if (n < 48) for (let b = 0; b < n; b++) D${k}[O${k} + b] = bytes[p + b]; else bytes.copy(D${k}, O${k}, p, p + n);
      O${k} += n;`,
    none: nullOf(k),
    finish: `F${k}[i + 1] = O${k};`,
    store: `C${k}.variableBytes = O${k}; C${k}.nullCount += U${k};`,
    release: `C${k}.variableBytes = O${k};`,
    regain: `D${k} = C${k}.block; Z${k} = D${k}.length; O${k} = C${k}.variableBytes;`,
  }
}

/** True when a field of `n` bytes ends within its tuple. */
export const fitsTuple = 'n >= 0 && n <= limit - p'

function callOf(k: number): string {
  return `{ run.faultyColumn = ${k}; codecs[${k}].decodeBinary(C${k}, i, wire, p, n); }`
}

function nullOf(k: number): string {
  return `V${k}[i >> 3] &= ~(1 << (i & 7)); U${k}++;`
}

/** Slots under a null are zero, so that equal rows give equal bytes. */
function zeroOf(column: FixedColumn | BitColumn, k: number): string {
  if (column instanceof BitColumn) return ''
  if (column.bytesPerRow <= 4) return `A${k}[i] = 0;`
  const words = column.bytesPerRow / 4
  return Array.from({ length: words }, (_, word) => `A${k}[${words} * i + ${word}] = 0;`).join(' ')
}

function arrayName(column: FixedColumn | BitColumn): string {
  if (column instanceof BitColumn) return 'bits'
  return column.bytesPerRow === 2 ? 'halves' : 'words'
}
