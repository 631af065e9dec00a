import type { ChangeBatch } from '@eclusa/sdk'
import { areCopied, isAfter, positionAt } from './log-position.ts'
import type { LogPosition } from './log-position.ts'
import { unappliedRows } from './unapplied-rows.ts'

/** How far the changes of one stream are applied: what comes again is left out. */
export class AppliedChanges {
  #last: LogPosition | undefined
  #isNoted = true

  /** @param last what earlier sessions brought into the warehouse */
  constructor(last: LogPosition | undefined) {
    this.#last = last
  }

  /** The last change that the next commit will have brought into the warehouse. */
  get last(): LogPosition | undefined {
    return this.#last
  }

  /** True once for each time that `last` has changed. */
  takesNote(): boolean {
    const isNew = !this.#isNoted
    this.#isNoted = true
    return isNew
  }

  /** What of a batch was not applied before; the rest is taken for applied from now on. */
  unapplied(batch: ChangeBatch): ChangeBatch {
    const { changes } = batch
    // Rows that are copied are ahead of the log, which is read from the first snapshot on.
    if (changes === undefined || areCopied(changes)) return batch
    const unapplied = unappliedRows(batch, this.#last)
    const last = changes.positions.length - 1
    if (last >= 0) this.advance(positionAt(changes, last))
    return unapplied
  }

  /** @returns false when that was applied before. */
  advance({ position, order }: LogPosition): boolean {
    if (!isAfter({ position, order }, this.#last)) return false
    this.#last = { position, order }
    this.#isNoted = false
    return true
  }

  /** The stream is copied from its first row. */
  forget(): void {
    this.#isNoted &&= this.#last === undefined
    this.#last = undefined
  }
}
