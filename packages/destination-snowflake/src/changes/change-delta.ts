import { changeOperation } from '@eclusa/sdk'
import type { RowChanges, TruncateChange } from '@eclusa/sdk'
import { UnchangedMarks } from '@eclusa/warehouse/load'
import type { MarkPlace } from '@eclusa/warehouse/load'

/** What is known of the changes that wait for the next commit; the rows themselves are in files. */
export class ChangeDelta {
  readonly #fold: (name: string) => string
  readonly #marks = new UnchangedMarks()
  readonly #truncations: { readonly at: TruncateChange; readonly row: number }[] = []
  #rows = 0
  #hasDeletes = false
  #hasUnsentRekeys = false

  constructor(fold: (name: string) => string) {
    this.#fold = fold
  }

  /** Batches must come one after the other. @returns what their rows carry in the files. */
  add(
    changes: RowChanges,
    names: readonly string[],
  ): { firstRow: number; unchangedWords: readonly (Int32Array | undefined)[] } {
    const unchangedWords = this.#marks.wordsOf(changes, names.map(this.#fold))
    const firstRow = this.#rows
    const { operations } = changes
    this.#rows += operations.length
    this.#hasDeletes ||= operations.includes(changeOperation.delete)
    this.#hasUnsentRekeys ||= unchangedWords.some((word) =>
      word?.some((marks, row) => marks !== 0 && operations[row] === changeOperation.rekey),
    )
    return { firstRow, unchangedWords }
  }

  truncate(at: TruncateChange): void {
    this.#truncations.push({ at, row: this.#rows })
  }

  /** What is merged in turn: rows up to a truncation, and then that. */
  get steps(): readonly { readonly from: number; readonly before: number; readonly truncated?: TruncateChange }[] {
    const steps = this.#truncations.map(({ at, row }, index) => ({
      from: this.#truncations[index - 1]?.row ?? 0,
      before: row,
      truncated: at,
    }))
    return [...steps, { from: this.#truncations.at(-1)?.row ?? 0, before: this.#rows }]
  }

  get isEmpty(): boolean {
    return this.#rows === 0 && this.#truncations.length === 0
  }

  get rows(): number {
    return this.#rows
  }

  get hasTruncations(): boolean {
    return this.#truncations.length > 0
  }

  get hasDeletes(): boolean {
    return this.#hasDeletes
  }

  get hasUnsentRekeys(): boolean {
    return this.#hasUnsentRekeys
  }

  get hasMarks(): boolean {
    return this.#marks.columns.size > 0
  }

  get wordCount(): number {
    return this.#marks.wordCount
  }

  /** @param column of the stream; undefined where none of its values is left out */
  markOf(column: string | undefined): MarkPlace | undefined {
    if (column === undefined || !this.#marks.columns.has(this.#fold(column))) return undefined
    return this.#marks.placeOf(this.#fold(column))
  }

  clear(): void {
    this.#marks.clear()
    this.#truncations.length = 0
    this.#rows = 0
    this.#hasDeletes = false
    this.#hasUnsentRekeys = false
  }
}
