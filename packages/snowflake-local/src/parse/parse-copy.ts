import type { CopyIntoLocation, CopyIntoTable } from './ast-dml.ts'
import { parseOptions } from './parse-option.ts'
import type { TokenReader } from './token-reader.ts'

export function parseCopy(reader: TokenReader): CopyIntoTable | CopyIntoLocation {
  reader.expectWords('COPY', 'INTO')
  const isLocation = reader.token.kind === 'stage' || reader.token.kind === 'string'
  return isLocation ? parseUnload(reader) : parseLoad(reader)
}

function parseLoad(reader: TokenReader): CopyIntoTable {
  const table = reader.objectName()
  const columns = reader.isSymbol('(') ? reader.bracketed(() => reader.identifier()) : []
  reader.expectWords('FROM')
  return { kind: 'copyIntoTable', table, columns, source: parseSource(reader), options: parseOptions(reader) }
}

function parseSource(reader: TokenReader): CopyIntoTable['source'] {
  if (!reader.takeSymbol('(')) return { kind: 'stage', location: reader.stage() }
  const query = reader.query()
  reader.expectSymbol(')')
  return query
}

function parseUnload(reader: TokenReader): CopyIntoLocation {
  const location = reader.stage()
  reader.expectWords('FROM')
  const source = reader.isSymbol('(')
    ? parseUnloadQuery(reader)
    : ({ kind: 'table', name: reader.objectName() } as const)
  const partitionBy = reader.takeWords('PARTITION', 'BY') ? reader.expression() : undefined
  return { kind: 'copyIntoLocation', location, source, partitionBy, options: parseOptions(reader) }
}

function parseUnloadQuery(reader: TokenReader): ReturnType<TokenReader['query']> {
  reader.expectSymbol('(')
  const query = reader.query()
  reader.expectSymbol(')')
  return query
}
