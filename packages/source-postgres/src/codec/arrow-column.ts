import { makeData } from 'apache-arrow'
import type { Data, DataType } from 'apache-arrow'
import { EclusaError, arrowTypeOf, decimal64PrecisionMax } from '@eclusa/sdk'
import type { ColumnType, UnrepresentableValue } from '@eclusa/sdk'
import type { BufferPool } from './buffer-pool.ts'

/*
 * Arrow columns while they are being filled. Rows are written in order, each exactly once: by a value codec, by setNull,
 * or by generated code that works on the public arrays directly. Buffers come from a pool with arbitrary contents, so
 * every slot is written, also under a null: the same rows always give the same bytes.
 */

export type Rejection = Omit<UnrepresentableValue, 'column'>

export interface ColumnContext {
  readonly pool: BufferPool
  readonly onRejection: (rejection: Rejection) => void
}

/** What a filled column hands over. */
export interface DetachedColumn {
  readonly data: Data
  /** Bytes in use, not bytes allocated. */
  readonly byteLength: number
  /** Buffers that `data` refers to. */
  readonly buffers: readonly ArrayBuffer[]
  /** Buffers that were filled but are not needed, such as the validity of a column without nulls. */
  readonly unused: readonly ArrayBuffer[]
}

/** Arrow offsets are 32 bits wide here: what one batch can hold of one column. */
const variableBytesMax = 0x7fff_ffff
/** One batch with a huge value does not make the next ones huge. */
const blockBytesExpectedMax = 16 * 1024 * 1024

export abstract class ArrowColumn {
  readonly type: DataType
  /** Bytes that each row takes beside its validity bit. */
  readonly bytesPerRow: number
  /** One bit per row, set before the row is written: only nulls touch it. */
  validity: Uint8Array<ArrayBuffer> = new Uint8Array()
  nullCount = 0
  /** Rows there is room for. */
  capacity = 0
  /** Bytes in use beyond those that each row takes. */
  variableBytes = 0
  protected readonly context: ColumnContext

  constructor(type: DataType, bytesPerRow: number, context: ColumnContext) {
    this.type = type
    this.bytesPerRow = bytesPerRow
    this.context = context
  }

  /** Makes room for this many rows in all. */
  reserve(rows: number): void {
    if (rows <= this.capacity) return
    // Rows come in eights, so that a byte of bits is never half initialised.
    const capacity = Math.ceil(Math.max(rows, Math.min(this.capacity * 2, variableBytesMax - 7)) / 8) * 8
    const used = this.capacity / 8
    this.validity = this.grown(this.validity, used, capacity / 8)
    this.validity.fill(255, used)
    this.reserveValues(capacity)
    this.capacity = capacity
  }

  setNull(row: number): void {
    this.validity[row >> 3]! &= ~(1 << (row & 7))
    this.nullCount++
    this.clearValue(row)
  }

  /** A value that the column type cannot hold becomes NULL, and is reported with its exact text. */
  reject(row: number, reason: string, text: string): void {
    this.setNull(row)
    this.context.onRejection({ row, change: 'NULLED', reason, text })
  }

  /** Reports that the value written to this row is only what fits of the exact one. */
  truncate(row: number, reason: string, text: string): void {
    this.context.onRejection({ row, change: 'TRUNCATED', reason, text })
  }

  /** Gives away the first `rows` rows as Arrow data; the column is then empty and without buffers. */
  detach(rows: number): DetachedColumn {
    const values = this.detachValues(rows)
    const validity = this.validity.buffer
    const hasNulls = this.nullCount > 0
    const data: Data = makeData<DataType>({
      ...values.props,
      type: this.type,
      length: rows,
      nullCount: this.nullCount,
      ...(hasNulls ? { nullBitmap: this.validity.subarray(0, Math.ceil(rows / 8)) } : {}),
    })
    const detached: DetachedColumn = {
      data,
      byteLength: Math.ceil(rows * (this.bytesPerRow + 1 / 8)) + this.variableBytes,
      buffers: hasNulls ? [...values.buffers, validity] : values.buffers,
      unused: hasNulls ? values.unused : [...values.unused, validity],
    }
    this.validity = new Uint8Array()
    this.nullCount = 0
    this.capacity = 0
    this.variableBytes = 0
    return detached
  }

  protected abstract reserveValues(rows: number): void
  protected abstract clearValue(row: number): void
  protected abstract detachValues(rows: number): {
    props: object
    buffers: readonly ArrayBuffer[]
    unused: readonly ArrayBuffer[]
  }

  /** A larger buffer with the first `used` bytes of the old one, which goes back to the pool. */
  protected grown(old: Uint8Array<ArrayBuffer>, used: number, bytes: number): Uint8Array<ArrayBuffer> {
    const bigger = new Uint8Array(this.context.pool.take(bytes))
    if (used > 0) bigger.set(old.subarray(0, used))
    if (old.byteLength > 0) this.context.pool.give([old.buffer])
    return bigger
  }
}

/** Booleans: one bit per row. */
export class BitColumn extends ArrowColumn {
  /** Cleared before the row is written: only true touches it. */
  bits: Uint8Array<ArrayBuffer> = new Uint8Array()

  constructor(type: DataType, context: ColumnContext) {
    super(type, 1 / 8, context)
  }

  set(row: number): void {
    this.bits[row >> 3]! |= 1 << (row & 7)
  }

  protected override reserveValues(rows: number): void {
    const used = this.capacity / 8
    this.bits = this.grown(this.bits, used, rows / 8)
    this.bits.fill(0, used)
  }

  protected override clearValue(): void {}

  protected override detachValues(rows: number) {
    const { bits } = this
    this.bits = new Uint8Array()
    return { props: { data: bits.subarray(0, Math.ceil(rows / 8)) }, buffers: [bits.buffer], unused: [] }
  }
}

/** Values of 2, 4, 8 or 16 bytes; the wider ones as little-endian 32-bit words. */
export class FixedColumn extends ArrowColumn {
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array()
  halves: Int16Array<ArrayBuffer> = new Int16Array()
  words: Int32Array<ArrayBuffer> = new Int32Array()
  #longs: BigInt64Array<ArrayBuffer> | undefined

  /** The values as 64-bit integers: for slow paths only, since each access makes an object. */
  get longs(): BigInt64Array<ArrayBuffer> {
    return (this.#longs ??= new BigInt64Array(this.bytes.buffer))
  }

  /** Stores a whole number of up to 53 bits as a 64-bit integer. */
  setLong(row: number, value: number): void {
    const high = Math.floor(value / 0x1_0000_0000)
    this.words[2 * row] = value - high * 0x1_0000_0000
    this.words[2 * row + 1] = high
  }

  protected override reserveValues(rows: number): void {
    this.bytes = this.grown(this.bytes, this.capacity * this.bytesPerRow, rows * this.bytesPerRow)
    this.halves = new Int16Array(this.bytes.buffer)
    this.words = new Int32Array(this.bytes.buffer)
    this.#longs = undefined
  }

  protected override clearValue(row: number): void {
    this.bytes.fill(0, row * this.bytesPerRow, (row + 1) * this.bytesPerRow)
  }

  protected override detachValues(rows: number) {
    const { bytes } = this
    this.bytes = new Uint8Array()
    this.halves = new Int16Array()
    this.words = new Int32Array()
    this.#longs = undefined
    return { props: { data: bytes.subarray(0, rows * this.bytesPerRow) }, buffers: [bytes.buffer], unused: [] }
  }
}

/** Texts and bytes: 32-bit offsets into one block. */
export class VariableColumn extends ArrowColumn {
  offsets: Int32Array<ArrayBuffer> = new Int32Array()
  /** `variableBytes` of it are in use. */
  block: Buffer<ArrayBuffer> = Buffer.alloc(0)
  /** What the last batch needed: a good first size for the next. */
  #blockBytesExpected = 0
  /** Texts must be valid UTF-8. */
  readonly isText: boolean

  constructor(type: DataType, isText: boolean, context: ColumnContext) {
    super(type, 4, context)
    this.isText = isText
  }

  /** Makes room for `bytes` more in the block. */
  ensure(bytes: number): void {
    const needed = this.variableBytes + bytes
    if (needed <= this.block.length) return
    if (needed > variableBytesMax) throw tooLarge(needed)
    const size = Math.min(variableBytesMax, Math.max(needed, this.block.length * 2, this.#blockBytesExpected))
    const grown = this.grown(this.block, this.variableBytes, size)
    this.block = Buffer.from(grown.buffer, 0, Math.min(grown.length, variableBytesMax))
  }

  appendBytes(row: number, source: Uint8Array, start: number, length: number): void {
    this.ensure(length)
    this.block.set(source.subarray(start, start + length), this.variableBytes)
    this.finishValue(row, length)
  }

  appendText(row: number, text: string): void {
    // A UTF-16 unit takes at most 3 bytes of UTF-8; long texts are measured instead of reserving thrice their size.
    this.ensure(text.length < 65_536 ? text.length * 3 : Buffer.byteLength(text))
    this.finishValue(row, this.block.write(text, this.variableBytes))
  }

  /** Ends the row's value, of which `length` bytes were written to the block at `variableBytes`. */
  finishValue(row: number, length: number): void {
    this.variableBytes += length
    this.offsets[row + 1] = this.variableBytes
  }

  protected override reserveValues(rows: number): void {
    const used = this.capacity === 0 ? 0 : (this.capacity + 1) * 4
    const grown = this.grown(new Uint8Array(this.offsets.buffer), used, (rows + 1) * 4)
    this.offsets = new Int32Array(grown.buffer)
    this.offsets[0] = 0
    if (this.block.length === 0) this.ensure(Math.max(this.#blockBytesExpected, 1024))
  }

  protected override clearValue(row: number): void {
    this.offsets[row + 1] = this.variableBytes
  }

  protected override detachValues(rows: number) {
    const { offsets, block } = this
    this.offsets = new Int32Array()
    this.block = Buffer.alloc(0)
    this.#blockBytesExpected = Math.min(Math.ceil(this.variableBytes * 1.1), blockBytesExpectedMax)
    return {
      props: { valueOffsets: offsets.subarray(0, rows + 1), data: block.subarray(0, this.variableBytes) },
      buffers: [offsets.buffer, block.buffer],
      unused: [],
    }
  }
}

/** Lists: 32-bit offsets into a child column. */
export class ListColumn extends ArrowColumn {
  offsets: Int32Array<ArrayBuffer> = new Int32Array()
  readonly child: ArrowColumn
  childRows = 0
  /** Why an element of the list being written was rejected: it is NULL in the list, which then is truncated. */
  elementRejection: string | undefined

  constructor(type: DataType, element: ColumnType, context: ColumnContext) {
    super(type, 4, context)
    const onRejection = (rejection: Rejection) => {
      this.elementRejection ??= rejection.reason
    }
    this.child = createArrowColumn(element, { ...context, onRejection })
  }

  /** The row of the child for the next element; the caller must write it. */
  addElement(): number {
    if (this.childRows === this.child.capacity) this.child.reserve(Math.max(64, this.childRows + 1))
    return this.childRows++
  }

  finishValue(row: number): void {
    this.offsets[row + 1] = this.childRows
    this.variableBytes = Math.ceil(this.childRows * (this.child.bytesPerRow + 1 / 8)) + this.child.variableBytes
  }

  protected override reserveValues(rows: number): void {
    const used = this.capacity === 0 ? 0 : (this.capacity + 1) * 4
    const grown = this.grown(new Uint8Array(this.offsets.buffer), used, (rows + 1) * 4)
    this.offsets = new Int32Array(grown.buffer)
    this.offsets[0] = 0
    this.child.reserve(64)
  }

  protected override clearValue(row: number): void {
    this.offsets[row + 1] = this.childRows
  }

  protected override detachValues(rows: number) {
    const { offsets } = this
    const child = this.child.detach(this.childRows)
    this.offsets = new Int32Array()
    this.childRows = 0
    return {
      props: { valueOffsets: offsets.subarray(0, rows + 1), child: child.data },
      buffers: [offsets.buffer, ...child.buffers],
      unused: child.unused,
    }
  }
}

export function createArrowColumn(columnType: ColumnType, context: ColumnContext): ArrowColumn {
  const type = arrowTypeOf(columnType)
  switch (columnType.type) {
    case 'boolean':
      return new BitColumn(type, context)
    case 'text':
    case 'json':
    case 'bytes':
      return new VariableColumn(type, columnType.type !== 'bytes', context)
    case 'list':
      return new ListColumn(type, columnType.element, context)
    default:
      return new FixedColumn(type, bytesPerValue(columnType), context)
  }
}

function bytesPerValue(type: ColumnType): number {
  switch (type.type) {
    case 'int16':
      return 2
    case 'int32':
    case 'float32':
    case 'date':
      return 4
    case 'interval':
    case 'uuid':
      return 16
    case 'decimal':
      return type.precision <= decimal64PrecisionMax ? 8 : 16
    default:
      return 8
  }
}

function tooLarge(bytes: number): EclusaError {
  return new EclusaError('POSTGRES_VALUE_TOO_LARGE', {
    message: `A value would take ${bytes} bytes; a column of a batch holds at most ${variableBytesMax}.`,
    details: { bytes, bytesMax: variableBytesMax },
  })
}
