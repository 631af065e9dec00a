import type { ArrowColumn } from '../codec/arrow-column.ts'
import { malformed } from '../codec/value-codec.ts'
import type { ValueCodec, WireBytes } from '../codec/value-codec.ts'
import { canGenerateCode, columnBlock, columnsPerGroup, fitsTuple } from '../copy-reader/column-block.ts'
import { wrongFieldLength } from '../copy-reader/tuple-decoder.ts'
import type { GroupDecoder, TupleRun } from '../copy-reader/tuple-decoder.ts'
import type { AbsentValues } from './absent-values.ts'

/*
 * Tuples of pgoutput: a 16-bit count of fields, then each field as the byte of its kind and, where it has a value, a 32-bit
 * length and the bytes. A run of tuples is decoded group by group, as a table copy's; the parts that store values are the
 * same, only what frames a field differs:
 *
 * | kind | field                                    | becomes                       |
 * |------|------------------------------------------|-------------------------------|
 * | b    | binary form                              | as in COPY (FORMAT binary)    |
 * | t    | text form                                | as a column cast to text      |
 * | n    | null                                     | null                          |
 * | u    | unchanged TOAST value, which is not sent | null, marked as absent        |
 */

export interface FieldGroupOptions {
  /** Of each field of the tuples the index of the column that takes it; -1 skips it. */
  readonly targets: readonly number[]
  readonly columns: readonly ArrowColumn[]
  readonly codecs: readonly ValueCodec[]
  /** The same codecs for values that come as text. */
  readonly textCodecs: readonly ValueCodec[]
  readonly absent: AbsentValues
}

const binaryKind = 0x62
const textKind = 0x74
const nullKind = 0x6e
const unchangedKind = 0x75

/** One function per group of fields; undefined where the runtime does not permit to generate code. */
export function generatedFieldGroups(options: FieldGroupOptions): GroupDecoder[] | undefined {
  if (!canGenerateCode()) return undefined
  const { targets, columns, codecs, textCodecs, absent } = options
  const groups: GroupDecoder[] = []
  for (let from = 0; from < targets.length; from += columnsPerGroup) {
    const blocks = targets.slice(from, from + columnsPerGroup).map((target) => fieldBlock(target, options))
    const names = ['columns', 'codecs', 'textCodecs', 'absent', 'wrongFieldLength', 'wrongFieldKind']
    // oxlint-disable-next-line typescript/no-implied-eval -- the source is made here alone, of numbers and fixed text
    const make = new Function(...names, groupSource(blocks)) as (...bindings: unknown[]) => GroupDecoder
    groups.push(make(columns, codecs, textCodecs, absent, wrongFieldLength, wrongFieldKind))
  }
  return groups
}

interface FieldBlock {
  readonly bind: string
  readonly load: string
  readonly decode: string
  readonly store: string
}

function groupSource(blocks: readonly FieldBlock[]): string {
  const lines = (part: keyof FieldBlock) => blocks.map((block) => block[part]).join('\n')
  return `'use strict';
${lines('bind')}
return function decodeGroup(wire, run) {
  const { bytes, view } = wire;
  const { count, firstRow, cursors, ends } = run;
  ${lines('load')}
  let n = 0, m = 0;
  for (let t = 0; t < count; t++) {
    const i = firstRow + t, limit = ends[t];
    let p = cursors[t];
    ${lines('decode')}
    cursors[t] = p;
  }
  ${lines('store')}
}`
}

const readLength = 'n = view.getInt32(p); p += 4;'

function fieldBlock(target: number, { columns, codecs }: FieldGroupOptions): FieldBlock {
  if (target === -1) return skippedBlock
  const codec = codecs[target]!
  const { bind, load, store, accepts, value, none, finish, release, regain } = columnBlock(
    columns[target]!,
    codec,
    target,
  )
  const fail = `{ run.faultyColumn = ${target}; throw wrongFieldLength(n); }`
  // Where a type's binary form is its text, one branch serves both.
  const isAlike = codec.inline?.kind === 'copy' && codec.inline.versionByte === undefined && codec.keepsText === true
  const decodeText = `{ run.faultyColumn = ${target}; ${release} textCodecs[${target}].decodeBinary(C${target}, i, wire, p, n); ${regain} }`
  const text = `else if (m === ${textKind}) { ${readLength} if (${fitsTuple}) { ${decodeText} p += n; } else ${fail} }`
  return {
    bind,
    load,
    store,
    decode: `m = bytes[p++];
    if (m === ${binaryKind}${isAlike ? ` || m === ${textKind}` : ''}) { ${readLength} if (${accepts}) { ${value} p += n; } else ${fail} }
    else if (m === ${nullKind}) { ${none} }
    else if (m === ${unchangedKind}) { ${none} absent.mark(${target}, i); }
    ${isAlike ? '' : text}
    else { run.faultyColumn = ${target}; throw wrongFieldKind(m); }
    ${finish}`,
  }
}

const skippedBlock: FieldBlock = {
  bind: '',
  load: '',
  store: '',
  decode: `m = bytes[p++];
    if (m === ${binaryKind} || m === ${textKind}) { ${readLength} if (${fitsTuple}) p += n; else { run.faultyColumn = -1; throw wrongFieldLength(n); } }
    else if (m !== ${nullKind} && m !== ${unchangedKind}) { run.faultyColumn = -1; throw wrongFieldKind(m); }`,
}

/** Decodes value by value, for runtimes where code may not be generated. */
export function interpretedFieldGroup(options: FieldGroupOptions): GroupDecoder {
  return (wire, run) => {
    for (let index = 0; index < run.count; index++) {
      let at = run.cursors[index]!
      for (const target of options.targets) at = decodeField(options, { wire, run, index, target, at })
      run.cursors[index] = at
    }
  }
}

interface FieldPlace {
  readonly wire: WireBytes
  readonly run: TupleRun
  /** Of the tuple within the run. */
  readonly index: number
  readonly target: number
  readonly at: number
}

function decodeField(options: FieldGroupOptions, { wire, run, index, target, at }: FieldPlace): number {
  const { columns, codecs, textCodecs, absent } = options
  const row = run.firstRow + index
  const kind = wire.bytes[at]
  run.faultyColumn = target
  if (kind === nullKind || kind === unchangedKind) {
    if (target === -1) return at + 1
    columns[target]!.setNull(row)
    if (kind === unchangedKind) absent.mark(target, row)
    return at + 1
  }
  if (kind !== binaryKind && kind !== textKind) throw wrongFieldKind(kind)
  const length = wire.view.getInt32(at + 1)
  const start = at + 5
  if (length < 0 || length > run.ends[index]! - start) throw wrongFieldLength(length)
  const codec = (kind === textKind ? textCodecs : codecs)[target]
  codec?.decodeBinary(columns[target]!, row, wire, start, length)
  return start + length
}

function wrongFieldKind(kind: number | undefined): Error {
  return malformed(kind === undefined ? 'the row ends before it' : `its field is of the unknown kind ${kind}`)
}
