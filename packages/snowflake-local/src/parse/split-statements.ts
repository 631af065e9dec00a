import { tokenize } from './lexer.ts'
import type { Token } from './token.ts'

/** The texts of the statements that semicolons part; empty ones are left out. A block of a script is one statement. */
export function splitStatements(sqlText: string): readonly string[] {
  const texts: string[] = []
  let start: number | undefined
  let end = 0
  const blocks = new Blocks()
  const tokens = tokenize(sqlText)
  for (const [index, token] of tokens.entries()) {
    blocks.pass(tokens, index)
    const isSeparator = token.kind === 'end' || (isSymbol(token, ';') && !blocks.isInside)
    if (isSeparator) {
      if (start !== undefined) texts.push(sqlText.slice(start, end))
      start = undefined
      blocks.begin(index + 1)
    } else {
      start ??= token.start
      end = token.end
    }
  }
  return texts
}

const control = new Set(['IF', 'FOR', 'WHILE', 'LOOP', 'REPEAT'])
/** Behind these words a statement of a block begins. */
const openers = new Set(['BEGIN', 'THEN', 'ELSE', 'DO', 'LOOP', 'REPEAT'])

/** Follows where a block begins and ends. */
class Blocks {
  #first = 0
  #depth = 0
  #isDeclaring = false

  get isInside(): boolean {
    return this.#depth > 0 || this.#isDeclaring
  }

  /** A statement begins at this token. */
  begin(index: number): void {
    this.#first = index
    this.#depth = 0
    this.#isDeclaring = false
  }

  pass(tokens: readonly Token[], index: number): void {
    const word = upper(tokens[index])
    if (word === undefined) return
    if (index === this.#first && word === 'DECLARE') this.#isDeclaring = true
    if (this.#depth === 0) {
      if (word === 'BEGIN' && this.#opensBlock(tokens, index)) {
        this.#isDeclaring = false
        this.#depth = 1
      }
      return
    }
    const before = tokens[index - 1]
    const isAfterEnd = upper(before) === 'END'
    const isFirst = isSymbol(before, ';') || openers.has(upper(before) ?? '')
    if (word === 'END') this.#depth -= 1
    else if (word === 'CASE' && !isAfterEnd) this.#depth += 1
    else if (word === 'BEGIN' && isFirst) this.#depth += isTransaction(tokens[index + 1]) ? 0 : 1
    else if (control.has(word) && isFirst && !isAfterEnd) this.#depth += 1
  }

  /** BEGIN of a block stands first, behind DECLARE, or behind the AS of a procedure. */
  #opensBlock(tokens: readonly Token[], index: number): boolean {
    if (isTransaction(tokens[index + 1])) return false
    if (index === this.#first || this.#isDeclaring) return true
    return upper(tokens[this.#first]) === 'CREATE' && upper(tokens[index - 1]) === 'AS'
  }
}

function isTransaction(next: Token | undefined): boolean {
  const word = upper(next)
  return next?.kind === 'end' || isSymbol(next, ';') || word === 'TRANSACTION' || word === 'WORK' || word === 'NAME'
}

function upper(token: Token | undefined): string | undefined {
  return token?.kind === 'word' ? token.upper : undefined
}

function isSymbol(token: Token | undefined, text: string): boolean {
  return token?.kind === 'symbol' && token.text === text
}
