import type { Options, OptionValue } from './ast-option.ts'
import type { TokenReader } from './token-reader.ts'

/** `NAME = value …` as long as they come, with or without commas between. */
export function parseOptions(reader: TokenReader): Options {
  const options = new Map<string, OptionValue>()
  for (;;) {
    if (reader.token.kind !== 'word' || !reader.isSymbol('=', 1)) return options
    const name = reader.identifier()
    reader.next()
    options.set(name, parseValue(reader))
    if (reader.isSymbol(',') && reader.isSymbol('=', 2)) reader.next()
  }
}

function parseValue(reader: TokenReader): OptionValue {
  const { token } = reader
  if (reader.takeSymbol('(')) return parseGroup(reader)
  const known = reader.takeKnown()
  if (known !== undefined) return { kind: 'string', text: known }
  if (token.kind === 'string') return { kind: 'string', text: reader.string() }
  if (token.kind === 'number' || reader.isSymbol('-')) {
    const sign = reader.takeSymbol('-') ? '-' : ''
    return { kind: 'number', text: `${sign}${reader.next().text}` }
  }
  const start = token.start
  const { parts } = reader.objectName()
  return { kind: 'word', text: reader.textFrom(start), parts }
}

function parseGroup(reader: TokenReader): OptionValue {
  if (reader.isIdentifier() && reader.isSymbol('=', 1)) {
    const options = parseOptions(reader)
    reader.expectSymbol(')')
    return { kind: 'options', options }
  }
  const values = reader.isSymbol(')') ? [] : reader.list(() => parseValue(reader))
  reader.expectSymbol(')')
  return { kind: 'list', values }
}
