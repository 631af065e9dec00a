import type { TypeName } from './ast-expression.ts'
import type { TokenReader } from './token-reader.ts'

const twoWordTypes: Readonly<Record<string, readonly string[]>> = {
  DOUBLE: ['PRECISION'],
  CHARACTER: ['VARYING'],
  CHAR: ['VARYING'],
  NCHAR: ['VARYING'],
}

/** A type's name with its lengths; whether there is such a type is asked later. */
export function parseType(reader: TokenReader): TypeName {
  const word = reader.identifier()
  for (const second of twoWordTypes[word] ?? []) reader.takeWords(second)
  const zone = word === 'TIMESTAMP' || word === 'TIME' ? parseZone(reader) : ''
  const lengths = reader.isSymbol('(') ? reader.bracketed(() => reader.integer()) : []
  return { word: `${word}${zone === '' ? parseZone(reader, word) : zone}`, arguments: lengths }
}

/** `TIMESTAMP WITH TIME ZONE`, before or behind the brackets. */
function parseZone(reader: TokenReader, word = 'TIMESTAMP'): string {
  if (!word.startsWith('TIMESTAMP')) return ''
  if (reader.takeWords('WITHOUT', 'TIME', 'ZONE')) return '_NTZ'
  if (reader.takeWords('WITH', 'LOCAL', 'TIME', 'ZONE')) return '_LTZ'
  return reader.takeWords('WITH', 'TIME', 'ZONE') ? '_TZ' : ''
}
