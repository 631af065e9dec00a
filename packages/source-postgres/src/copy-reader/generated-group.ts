import type { BatchBuilder } from '../codec/batch-builder.ts'
import type { ValueCodec } from '../codec/value-codec.ts'
import { canGenerateCode, columnBlock, columnsPerGroup } from './column-block.ts'
import type { ColumnBlock } from './column-block.ts'
import { wrongFieldLength } from './tuple-decoder.ts'
import type { GroupDecoder } from './tuple-decoder.ts'

/*
 * Functions made for one table: a loop over a run of tuples with one straight block per column, whose arrays are local
 * variables. See column-block.ts for the names in the source.
 */

/** One function per group of columns; undefined where the runtime does not permit to generate code. */
export function generatedGroups(codecs: readonly ValueCodec[], { columns }: BatchBuilder): GroupDecoder[] | undefined {
  if (!canGenerateCode()) return undefined
  const groups: GroupDecoder[] = []
  for (let from = 0; from < columns.length; from += columnsPerGroup) {
    const blocks = columns.slice(from, from + columnsPerGroup).map((column, index) => {
      return { ...columnBlock(column, codecs[from + index]!, from + index), k: from + index }
    })
    // oxlint-disable-next-line typescript/no-implied-eval -- the source is made here alone, of numbers and fixed text
    const make = new Function('columns', 'codecs', 'wrongFieldLength', groupSource(blocks)) as (
      ...bindings: unknown[]
    ) => GroupDecoder
    groups.push(make(columns, codecs, wrongFieldLength))
  }
  return groups
}

interface FieldBlock extends ColumnBlock {
  readonly k: number
}

function groupSource(blocks: readonly FieldBlock[]): string {
  return `'use strict';
${blocks.map(({ bind }) => bind).join('\n')}
return function decodeGroup(wire, run) {
  const { bytes, view } = wire;
  const { count, firstRow, cursors, ends } = run;
  ${blocks.map(({ load }) => load).join('\n')}
  let n = 0;
  for (let t = 0; t < count; t++) {
    const i = firstRow + t, limit = ends[t];
    let p = cursors[t];
    ${blocks.map(fieldSource).join('\n')}
    cursors[t] = p;
  }
  ${blocks.map(({ store }) => store).join('\n')}
}`
}

function fieldSource({ k, accepts, value, none, finish }: FieldBlock): string {
  return `n = view.getInt32(p); p += 4;
    if (${accepts}) { ${value} p += n; } else if (n === -1) { ${none} } else { run.faultyColumn = ${k}; throw wrongFieldLength(n); }
    ${finish}`
}
