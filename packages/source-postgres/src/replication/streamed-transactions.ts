import type { WireBytes } from '../codec/value-codec.ts'
import { KeptMessages, MessageBlock } from './message-cursor.ts'
import type { MessageCursor } from './message-cursor.ts'
import { protocolViolation } from './protocol-violation.ts'
import { SpillFile } from './spill-file.ts'

const blockBytesMin = 16 * 1024
const blockBytesMax = 1024 * 1024

/** A transaction that comes before it ends: its messages so far, as they were received. */
class StreamedTransaction {
  /** True where messages name the subtransaction that they belong to: not of one that came when it was prepared. */
  readonly isStreamed: boolean
  /** Rolled back: what these subtransactions did is void. */
  readonly aborted = new Set<number>()
  readonly blocks: MessageBlock[] = []
  /** Bytes of each block in the file, which come before those in memory. */
  readonly spilled: number[] = []
  file: SpillFile | undefined
  bytesInMemory = 0

  constructor(isStreamed: boolean) {
    this.isStreamed = isStreamed
  }

  append(wire: WireBytes, start: number, end: number): void {
    if (this.blocks.at(-1)?.append(wire, start, end) === true) return
    const usual = Math.min(blockBytesMax, blockBytesMin * 2 ** Math.min(this.blocks.length, 10))
    const size = Math.max(usual, MessageBlock.sizeFor(end - start))
    const block = new MessageBlock(size)
    block.append(wire, start, end)
    this.blocks.push(block)
    this.bytesInMemory += size
  }

  async spill(): Promise<void> {
    this.file ??= await SpillFile.create()
    for (const { wire, bytesUsed } of this.blocks) {
      await this.file.append(wire.bytes.subarray(0, bytesUsed))
      this.spilled.push(bytesUsed)
    }
    this.blocks.length = 0
    this.bytesInMemory = 0
  }

  async *cursors(): AsyncGenerator<MessageCursor, void, undefined> {
    if (this.file !== undefined) {
      let block = new MessageBlock(blockBytesMax)
      let position = 0
      for (const bytes of this.spilled) {
        if (bytes > block.wire.bytes.length) block = new MessageBlock(bytes)
        await this.file.read(block.wire, position, bytes)
        position += bytes
        yield new KeptMessages(block.wire, bytes)
      }
    }
    for (const { wire, bytesUsed } of this.blocks) yield new KeptMessages(wire, bytesUsed)
  }
}

/** The messages of a transaction that was committed. */
export interface KeptTransaction {
  readonly isStreamed: boolean
  /** Subtransactions that are void. */
  readonly aborted: ReadonlySet<number>
  /** In pieces that are valid until the next one. */
  readonly cursors: AsyncGenerator<MessageCursor>
}

/**
 * Transactions that the server sends before they end, as they run or when they are prepared, until it says how each ended.
 * What exceeds the memory goes to
 * temporary files, those that take most first.
 */
export class StreamedTransactions implements AsyncDisposable {
  readonly #bytesMax: number
  readonly #transactions = new Map<number, StreamedTransaction>()
  readonly #unused: SpillFile[] = []
  #current: StreamedTransaction | undefined

  /** @param bytesMax in memory, all transactions together. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Begins a block of messages, which go to this transaction until `leave`. */
  enter(xid: number, { isStreamed = true }: { readonly isStreamed?: boolean } = {}): void {
    this.#current = this.#transactions.get(xid)
    if (this.#current !== undefined) return
    this.#current = new StreamedTransaction(isStreamed)
    this.#transactions.set(xid, this.#current)
  }

  leave(): void {
    this.#current = undefined
  }

  /** Copies a message of the block. */
  keep(wire: WireBytes, start: number, end: number): void {
    this.#current?.append(wire, start, end)
  }

  /** Takes back a subtransaction, or all. A transaction of which nothing was sent may be unknown. */
  abort(xid: number, subtransactionXid: number): void {
    if (xid === subtransactionXid) this.forget(xid)
    else this.#transactions.get(xid)?.aborted.add(subtransactionXid)
  }

  forget(xid: number): void {
    const file = this.#transactions.get(xid)?.file
    if (file !== undefined) this.#unused.push(file)
    this.#transactions.delete(xid)
  }

  /** Writes to disk what exceeds the memory, and gives back the disk that is needed no more. */
  async settle(): Promise<void> {
    for (const file of this.#unused.splice(0)) await file[Symbol.asyncDispose]()
    let bytes = 0
    for (const { bytesInMemory } of this.#transactions.values()) bytes += bytesInMemory
    if (bytes <= this.#bytesMax) return
    const largest = [...this.#transactions.values()].toSorted((left, right) => right.bytesInMemory - left.bytesInMemory)
    for (const transaction of largest) {
      if (bytes <= this.#bytesMax / 2) return
      bytes -= transaction.bytesInMemory
      await transaction.spill()
    }
  }

  replay(xid: number): KeptTransaction {
    const transaction = this.#transactions.get(xid)
    if (transaction === undefined) throw protocolViolation(`transaction ${xid}, of which nothing came, was committed`)
    const { isStreamed, aborted } = transaction
    return { isStreamed, aborted, cursors: transaction.cursors() }
  }

  /** Forgets all. */
  async clear(): Promise<void> {
    this.leave()
    for (const xid of this.#transactions.keys()) this.forget(xid)
    await this.settle()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.clear()
  }
}
