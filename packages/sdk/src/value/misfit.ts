/** Why a value cannot be stored in its column without loss. Returned, not thrown: it is counted, and the row goes on. */
export class Misfit {
  /** A few words for a person, without the value: `out of range of int16`. */
  readonly reason: string

  constructor(reason: string) {
    this.reason = reason
  }
}
