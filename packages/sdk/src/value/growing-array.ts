interface ArrayKind<Values> {
  new (length: number): Values
  new (buffer: ArrayBuffer): Values
  readonly BYTES_PER_ELEMENT: number
}

type TypedArray =
  | Uint8Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>

const lengthMin = 64

/** A typed array that grows at its end, each time to twice its size. */
export class GrowingArray<Values extends TypedArray> {
  /** Replaced when it grows: read it after `reserve`. Valid up to `length`. */
  values: Values
  length = 0
  readonly #kind: ArrayKind<Values>

  constructor(kind: ArrayKind<Values>) {
    this.#kind = kind
    this.values = new kind(lengthMin)
  }

  get byteLength(): number {
    return this.length * this.#kind.BYTES_PER_ELEMENT
  }

  /** Makes room for `count` more elements and returns the index of the first. Their content is undefined. */
  reserve(count: number): number {
    const start = this.length
    this.length += count
    if (this.length > this.values.length) {
      const grown = new this.#kind(Math.max(this.length, this.values.length * 2))
      copyInto(grown, this.values)
      this.values = grown
    }
    return start
  }

  /** Hands over the elements in an ArrayBuffer of their own and exact size; starts again empty, as large as before. */
  take(): Values {
    const taken = new this.#kind(this.values.buffer.transfer(this.byteLength))
    this.values = new this.#kind(Math.max(lengthMin, this.length))
    this.length = 0
    return taken
  }
}

/** TypeScript cannot see that both arrays are of the same kind. */
function copyInto(target: TypedArray, source: TypedArray): void {
  ;(target as Uint8Array).set(source as Uint8Array)
}
