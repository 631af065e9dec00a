import type { TableInsertion } from './table-insertion.ts'

/** The insertion that takes rows for one table at the moment, if there is one. */
export class OpenInsertion {
  #insertion: TableInsertion | undefined

  /** @param begin makes one where there is none */
  orBegin(begin: () => TableInsertion): TableInsertion {
    this.#insertion ??= begin()
    return this.#insertion
  }

  /** Resolves when all rows are in the transaction, as must be before other statements about the table. */
  async finish(): Promise<void> {
    const insertion = this.#insertion
    this.#insertion = undefined
    await insertion?.finish()
  }

  /** Forgets rows that are not in the transaction yet. */
  async discard(): Promise<void> {
    const insertion = this.#insertion
    this.#insertion = undefined
    await insertion?.discard()
  }
}
