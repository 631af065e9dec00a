import type { SourcePosition } from '../jinja/template-error.ts'
import { projectInvalid } from '../project/project-fault.ts'

/** A block that dbt cuts out of a file before any Jinja is read: `{% snapshot name %}…{% endsnapshot %}`. */
export interface JinjaBlock {
  readonly name: string
  readonly text: string
  /** Of the first character of `text`. */
  readonly position: SourcePosition
}

/**
 * The blocks of one kind in a file, in the order of the text. White space control belongs to the block: it is applied
 * to its text.
 *
 * @throws PROJECT_INVALID for a block that does not end.
 */
export function findJinjaBlocks(text: string, kind: string, file: string): JinjaBlock[] {
  const opening = new RegExp(String.raw`\{%([-+]?)\s*${kind}\s+([A-Za-z_]\w*)\s*([-+]?)%\}`, 'gu')
  const closing = new RegExp(String.raw`\{%([-+]?)\s*end${kind}\s*([-+]?)%\}`, 'gu')
  const source = text.replaceAll(/\{#.*?#\}/gsu, (comment) => comment.replaceAll(/[^\n]/gu, ' '))
  const blocks: JinjaBlock[] = []
  for (let from = 0; ;) {
    opening.lastIndex = from
    const start = opening.exec(source)
    if (start === null) return blocks
    closing.lastIndex = opening.lastIndex
    const end = closing.exec(source)
    if (end === null) {
      const { line, column } = positionOf(text, start.index)
      const message = `the block "${kind} ${start[2]}" has no {% end${kind} %}`
      throw projectInvalid([{ file, line, column, message }])
    }
    const body = text.slice(opening.lastIndex, end.index)
    const trimmed = start[3] === '-' ? body.trimStart() : body
    blocks.push({
      name: start[2]!,
      text: end[1] === '-' ? trimmed.trimEnd() : trimmed,
      position: positionOf(text, opening.lastIndex + (body.length - trimmed.length)),
    })
    from = closing.lastIndex
  }
}

function positionOf(text: string, offset: number): SourcePosition {
  const before = text.slice(0, offset)
  const line = before.split('\n').length
  return { line, column: offset - before.lastIndexOf('\n'), offset }
}
