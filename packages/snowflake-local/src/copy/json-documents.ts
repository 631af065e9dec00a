/**
 * Cuts a text that comes in blocks into its JSON documents, without reading them: a document ends with the bracket that
 * began it, or, if it is no object and no array, with the white space behind it. Of an outer array that is to be
 * stripped each item is a document.
 */
export class JsonDocuments {
  readonly #stripOuterArray: boolean
  #text = ''
  #at = 0
  #depth = 0
  #quote: string | undefined
  #isInOuterArray = false

  constructor({ stripOuterArray }: { readonly stripOuterArray: boolean }) {
    this.#stripOuterArray = stripOuterArray
  }

  *push(block: string): Generator<string> {
    this.#text += block
    for (; this.#at < this.#text.length; this.#at += 1) {
      const character = this.#text[this.#at] ?? ''
      if (this.#quote !== undefined) this.#inString(character)
      else if (this.#depth > 0) yield* this.#inBrackets(character)
      else yield* this.#between(character)
    }
  }

  /** What is left: nothing but white space, unless the text broke off. */
  *end(): Generator<string> {
    yield* this.#cut(this.#text.length)
    if (this.#isInOuterArray) yield '['
  }

  #inString(character: string): void {
    if (character === '\\') this.#at += 1
    else if (character === this.#quote) this.#quote = undefined
  }

  *#inBrackets(character: string): Generator<string> {
    if (character === '"' || character === "'") this.#quote = character
    else if (character === '{' || character === '[') this.#depth += 1
    else if (character === '}' || character === ']') {
      this.#depth -= 1
      if (this.#depth === 0) yield* this.#cut(this.#at + 1)
    }
  }

  *#between(character: string): Generator<string> {
    if (this.#stripOuterArray && !this.#isInOuterArray && character === '[') yield* this.#skip(true)
    else if (this.#isInOuterArray && character === ']') yield* this.#skip(false)
    else if (this.#isInOuterArray && character === ',') yield* this.#skip(true)
    else if (character === '{' || character === '[') {
      yield* this.#cut(this.#at)
      this.#depth = 1
    } else if (character === '"' || character === "'") this.#quote = character
    else if (/\s/u.test(character)) yield* this.#cut(this.#at)
  }

  /** Passes over a mark of the outer array. */
  *#skip(isInOuterArray: boolean): Generator<string> {
    yield* this.#cut(this.#at)
    this.#text = this.#text.slice(1)
    this.#at -= 1
    this.#isInOuterArray = isInOuterArray
  }

  *#cut(end: number): Generator<string> {
    const document = this.#text.slice(0, end)
    this.#text = this.#text.slice(end)
    // The loop goes on behind the character at which it is.
    this.#at -= end
    if (document.trim() !== '') yield document
  }
}
