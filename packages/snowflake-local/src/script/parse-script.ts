import { unsupportedFeature } from '../engine/sql-error.ts'
import type { Block, Branch, Handler, Step } from './script.ts'
import { ScriptReader } from './script-reader.ts'

/** Parses `[DECLARE …] BEGIN … END`. @throws SqlError 001003 with line and position */
export function parseScript(text: string): Block {
  const reader = new ScriptReader(text)
  const block = parseBlock(reader)
  while (reader.takeSymbol(';'));
  if (reader.token.kind !== 'end') throw reader.unexpected()
  return block
}

/** Whether a block begins here, and not a transaction. */
export function isBlock(reader: ScriptReader): boolean {
  if (reader.isWord('DECLARE')) return true
  if (!reader.isWord('BEGIN')) return false
  const next = reader.peek(1)
  const isTransaction = ['TRANSACTION', 'WORK', 'NAME'].some((word) => reader.isWord(word, 1))
  return next.kind !== 'end' && !isTransaction && !reader.isSymbol(';', 1)
}

function parseBlock(reader: ScriptReader): Block {
  const declarations: Step[] = []
  if (reader.takeWord('DECLARE')) {
    while (!reader.isWord('BEGIN')) {
      declarations.push(parseDeclaration(reader))
      reader.expectSymbol(';')
    }
  }
  reader.expectWord('BEGIN')
  const body = parseSteps(reader, ['END', 'EXCEPTION'])
  const handlers: Handler[] = []
  if (reader.takeWord('EXCEPTION')) while (reader.isWord('WHEN')) handlers.push(parseHandler(reader))
  reader.expectWord('END')
  return { declarations, body, handlers }
}

function parseHandler(reader: ScriptReader): Handler {
  reader.expectWord('WHEN')
  const names = [reader.name()]
  while (reader.takeWord('OR')) names.push(reader.name())
  // CONTINUE would go on behind the statement that failed.
  if (reader.takeWord('CONTINUE')) throw unsupportedFeature('CONTINUE handlers in Snowflake Scripting')
  reader.takeWord('EXIT')
  reader.expectWord('THEN')
  return { names, body: parseSteps(reader, ['WHEN', 'END']) }
}

function parseSteps(reader: ScriptReader, ends: readonly string[]): readonly Step[] {
  const steps: Step[] = []
  while (!ends.some((word) => reader.isWord(word))) {
    steps.push(parseStep(reader))
    reader.expectSymbol(';')
  }
  return steps
}

const rules: Readonly<Record<string, (reader: ScriptReader) => Step>> = {
  LET: (reader) => parseDeclaration(reader),
  IF: parseIf,
  FOR: parseFor,
  WHILE: parseWhile,
  REPEAT: parseRepeat,
  LOOP: (reader) => ({ kind: 'loop', body: parseLoopBody(reader, 'LOOP') }),
  BREAK: () => ({ kind: 'leave', again: false }),
  EXIT: () => ({ kind: 'leave', again: false }),
  CONTINUE: () => ({ kind: 'leave', again: true }),
  ITERATE: () => ({ kind: 'leave', again: true }),
  RETURN: parseReturn,
  RAISE: (reader) => ({ kind: 'raise', name: reader.isSymbol(';') ? undefined : reader.name() }),
  NULL: () => ({ kind: 'nothing' }),
}

/** Cursors that are fetched from by hand, and what runs beside the script. */
const refused = new Set(['OPEN', 'FETCH', 'CLOSE', 'ASYNC', 'AWAIT', 'CANCEL', 'CASE'])

function parseStep(reader: ScriptReader): Step {
  if (isBlock(reader)) return { kind: 'block', block: parseBlock(reader) }
  const { token } = reader
  if (token.kind === 'word') {
    if (refused.has(token.upper)) throw unsupportedFeature(`${token.upper} in Snowflake Scripting`)
    const rule = rules[token.upper]
    if (rule !== undefined) {
      reader.next()
      return rule(reader)
    }
  }
  if (reader.isSymbol(':=', 1)) {
    const name = reader.name()
    reader.expectSymbol(':=')
    return { kind: 'assign', name, value: reader.textUntil(';') }
  }
  return { kind: 'sql', text: reader.textUntil(';') }
}

/** `name [type] [{DEFAULT | :=} value]`, of DECLARE and of LET. */
function parseDeclaration(reader: ScriptReader): Step {
  const name = reader.name()
  if (reader.takeWord('CURSOR')) {
    reader.expectWord('FOR')
    return { kind: 'letRows', name, query: reader.textUntil(';'), isCursor: true }
  }
  if (reader.takeWord('RESULTSET')) {
    if (!reader.takeSymbol(':=')) reader.expectWord('DEFAULT')
    return { kind: 'letRows', name, query: reader.bracketed(), isCursor: false }
  }
  if (reader.takeWord('EXCEPTION')) {
    const [number = '-20000', message = ''] = reader.isSymbol('(') ? splitException(reader.bracketed()) : []
    return { kind: 'exception', name, number, message }
  }
  const isTyped = !reader.isSymbol(':=') && !reader.isWord('DEFAULT') && !reader.isSymbol(';')
  const type = isTyped ? reader.textUntil(':=', 'DEFAULT', ';') : undefined
  const hasValue = reader.takeSymbol(':=') || reader.takeWord('DEFAULT')
  return { kind: 'let', name, type, value: hasValue ? reader.textUntil(';') : undefined }
}

function splitException(text: string): readonly string[] {
  const parts = /^\s*(?<number>-?\d+)\s*,\s*'(?<message>[\s\S]*)'\s*$/u.exec(text)?.groups
  return parts === undefined ? [] : [parts['number'] ?? '', (parts['message'] ?? '').replaceAll("''", "'")]
}

function parseIf(reader: ScriptReader): Step {
  const branches: Branch[] = []
  do {
    const condition = reader.textUntil('THEN')
    reader.expectWord('THEN')
    branches.push({ condition, body: parseSteps(reader, ['ELSEIF', 'ELSE', 'END']) })
  } while (reader.takeWord('ELSEIF'))
  if (reader.takeWord('ELSE')) branches.push({ condition: undefined, body: parseSteps(reader, ['END']) })
  reader.expectWord('END', 'IF')
  return { kind: 'if', branches }
}

function parseLoopBody(reader: ScriptReader, word: string): readonly Step[] {
  const body = parseSteps(reader, ['END'])
  reader.expectWord('END', word)
  return body
}

function parseFor(reader: ScriptReader): Step {
  const name = reader.name()
  reader.expectWord('IN')
  const reverse = reader.takeWord('REVERSE')
  const from = reader.textUntil('TO', 'DO')
  const to = reader.takeWord('TO') ? reader.textUntil('DO', 'LOOP') : undefined
  const word = reader.takeWord('LOOP') ? 'LOOP' : 'FOR'
  if (word === 'FOR') reader.expectWord('DO')
  const body = parseLoopBody(reader, word)
  if (to !== undefined) return { kind: 'range', name, from, to, reverse, body }
  return { kind: 'rows', name, over: from.toUpperCase(), body }
}

function parseWhile(reader: ScriptReader): Step {
  const before = reader.textUntil('DO', 'LOOP')
  const word = reader.takeWord('LOOP') ? 'LOOP' : 'WHILE'
  if (word === 'WHILE') reader.expectWord('DO')
  return { kind: 'loop', before, body: parseLoopBody(reader, word) }
}

function parseRepeat(reader: ScriptReader): Step {
  const body = parseSteps(reader, ['UNTIL'])
  reader.expectWord('UNTIL')
  const behind = reader.textUntil('END')
  reader.expectWord('END', 'REPEAT')
  return { kind: 'loop', behind, body }
}

function parseReturn(reader: ScriptReader): Step {
  if (reader.isSymbol(';')) return { kind: 'return', value: undefined, rows: undefined }
  if (reader.isWord('TABLE') && reader.isSymbol('(', 1)) {
    reader.next()
    return { kind: 'return', value: undefined, rows: reader.bracketed().trim() }
  }
  return { kind: 'return', value: reader.textUntil(';'), rows: undefined }
}
