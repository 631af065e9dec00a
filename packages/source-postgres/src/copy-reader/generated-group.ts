import { BitColumn, FixedColumn, VariableColumn } from '../codec/arrow-column.ts'
import type { ArrowColumn } from '../codec/arrow-column.ts'
import type { BatchBuilder } from '../codec/batch-builder.ts'
import type { ValueCodec } from '../codec/value-codec.ts'
import { wrongFieldLength } from './tuple-decoder.ts'
import type { GroupDecoder } from './tuple-decoder.ts'

/*
 * Functions made for one table: a loop over a run of tuples with one straight block per column, whose arrays are local
 * variables. The names in the source: k is the column's index; Ck its ArrowColumn, Vk its validity bits, Uk its nulls
 * so far; Ak the array of a fixed-width column; Fk offsets, Dk block, Ok bytes in use, Zk block size of a variable one.
 * In the blocks `i` is the row, `p` the position, `n` the length of the field, `limit` the end of the tuple.
 */

/** More local variables than these columns take cost more than another loop. */
const columnsPerGroup = 16

/** One function per group of columns; undefined where the runtime does not permit to generate code. */
export function generatedGroups(codecs: readonly ValueCodec[], { columns }: BatchBuilder): GroupDecoder[] | undefined {
  if (!canGenerateCode()) return undefined
  const groups: GroupDecoder[] = []
  for (let from = 0; from < columns.length; from += columnsPerGroup) {
    const blocks = columns.slice(from, from + columnsPerGroup).map((column, index) => {
      return blockOf(column, codecs[from + index]!, from + index)
    })
    // oxlint-disable-next-line typescript/no-implied-eval -- the source is made here alone, of numbers and fixed text
    const make = new Function('columns', 'codecs', 'wrongFieldLength', groupSource(blocks)) as (
      ...bindings: unknown[]
    ) => GroupDecoder
    groups.push(make(columns, codecs, wrongFieldLength))
  }
  return groups
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

/** The source of one column's part. */
interface ColumnBlock {
  /** Binds the column once. */
  readonly bind: string
  /** Brings its arrays into local variables. */
  readonly load: string
  readonly decode: string
  /** Writes back what changed. */
  readonly store: string
}

function groupSource(blocks: readonly ColumnBlock[]): string {
  const lines = (part: keyof ColumnBlock) => blocks.map((block) => block[part]).join('\n')
  return `'use strict';
${lines('bind')}
return function decodeGroup(wire, run) {
  const { bytes, view } = wire;
  const { count, firstRow, cursors, ends } = run;
  ${lines('load')}
  let n = 0;
  for (let t = 0; t < count; t++) {
    const i = firstRow + t, limit = ends[t];
    let p = cursors[t];
    ${lines('decode')}
    cursors[t] = p;
  }
  ${lines('store')}
}`
}

function blockOf(column: ArrowColumn, codec: ValueCodec, k: number): ColumnBlock {
  const { inline } = codec
  if (inline?.kind === 'copy' && column instanceof VariableColumn) return copyBlock(k, inline.versionByte)
  if (inline && inline.kind !== 'copy' && (column instanceof FixedColumn || column instanceof BitColumn)) {
    const array = `A${k}`
    const statements = inline.source({ words: array, halves: array, bits: array, slow: callOf(k) })
    const isExpected = inline.kind === 'fixed' ? `n === ${inline.length}` : `n >= 0 && n <= limit - p`
    return {
      bind: `const C${k} = columns[${k}];`,
      load: `const ${array} = C${k}.${arrayName(column)}, V${k} = C${k}.validity; let U${k} = 0;`,
      decode: `${readLength} if (${isExpected}) { ${statements} p += n; } else if (n === -1) { ${nullOf(k)} ${zeroOf(column, k)} } else ${failureOf(k)}`,
      store: `C${k}.nullCount += U${k};`,
    }
  }
  return {
    bind: `const C${k} = columns[${k}];`,
    load: '',
    decode: `${readLength} if (n >= 0 && n <= limit - p) { ${callOf(k)} p += n; } else if (n === -1) C${k}.setNull(i); else ${failureOf(k)}`,
    store: '',
  }
}

function copyBlock(k: number, versionByte: number | undefined): ColumnBlock {
  // A wrong version byte is left to decodeBinary, which refuses it.
  const version = versionByte === undefined ? '' : `if (n === 0 || bytes[p] !== ${versionByte}) ${callOf(k)} p++; n--;`
  return {
    bind: `const C${k} = columns[${k}];`,
    load: `const F${k} = C${k}.offsets, V${k} = C${k}.validity; let D${k} = C${k}.block, Z${k} = D${k}.length, O${k} = C${k}.variableBytes, U${k} = 0;`,
    decode: `${readLength}
    if (n >= 0 && n <= limit - p) {
      ${version}
      if (O${k} + n > Z${k}) { run.faultyColumn = ${k}; C${k}.variableBytes = O${k}; C${k}.ensure(n); D${k} = C${k}.block; Z${k} = D${k}.length; }
      if (n < 48) for (let b = 0; b < n; b++) D${k}[O${k} + b] = bytes[p + b]; else bytes.copy(D${k}, O${k}, p, p + n);
      O${k} += n; p += n;
    } else if (n === -1) { ${nullOf(k)} } else ${failureOf(k)}
    F${k}[i + 1] = O${k};`,
    store: `C${k}.variableBytes = O${k}; C${k}.nullCount += U${k};`,
  }
}

const readLength = 'n = view.getInt32(p); p += 4;'

function callOf(k: number): string {
  return `{ run.faultyColumn = ${k}; codecs[${k}].decodeBinary(C${k}, i, wire, p, n); }`
}

function failureOf(k: number): string {
  return `{ run.faultyColumn = ${k}; throw wrongFieldLength(n); }`
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
