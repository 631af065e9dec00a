import type { ColumnDefinition, TableConstraint } from './ast-ddl.ts'
import type { Identifier } from './ast-expression.ts'
import { parseType } from './parse-type.ts'
import type { TokenReader } from './token-reader.ts'

/** What stands in the brackets of CREATE TABLE. */
export function parseTableElements(reader: TokenReader): {
  readonly columns: readonly ColumnDefinition[]
  readonly constraints: readonly TableConstraint[]
} {
  const columns: ColumnDefinition[] = []
  const constraints: TableConstraint[] = []
  reader.bracketed(() => {
    const constraint = parseConstraint(reader)
    if (constraint === undefined) columns.push(parseColumn(reader))
    else constraints.push(constraint)
  })
  return { columns, constraints }
}

const constraintKinds = ['PRIMARY KEY', 'UNIQUE', 'FOREIGN KEY'] as const

export function parseConstraint(reader: TokenReader): TableConstraint | undefined {
  return reader.attempt(() => {
    const name = reader.takeWords('CONSTRAINT') ? reader.identifier() : undefined
    const kind = reader.takeOneOf(constraintKinds)
    if (kind === undefined || !reader.isSymbol('(')) return undefined
    const columns = reader.bracketed(() => reader.identifier())
    const references = kind === 'FOREIGN KEY' ? parseReferences(reader) : undefined
    takeConstraintProperties(reader)
    return { name, kind, columns, references }
  })
}

function parseReferences(reader: TokenReader): TableConstraint['references'] {
  reader.expectWords('REFERENCES')
  const table = reader.objectName()
  return { table, columns: reader.isSymbol('(') ? reader.bracketed(() => reader.identifier()) : [] }
}

/** Keys are not enforced, so what is said of their enforcement has no effect. */
function takeConstraintProperties(reader: TokenReader): void {
  const properties = (
    'NOT ENFORCED|ENFORCED|NOT DEFERRABLE|DEFERRABLE|INITIALLY DEFERRED|INITIALLY IMMEDIATE|ENABLE|' +
    'DISABLE|NOVALIDATE|VALIDATE|NORELY|RELY|MATCH FULL|MATCH SIMPLE|ON UPDATE CASCADE|' +
    'ON DELETE CASCADE|ON UPDATE NO ACTION|ON DELETE NO ACTION|ON UPDATE SET NULL|ON DELETE SET NULL|' +
    'ON UPDATE RESTRICT|ON DELETE RESTRICT'
  ).split('|')
  while (reader.takeOneOf(properties) !== undefined);
}

interface ColumnParts {
  notNull: boolean
  default: ColumnDefinition['default']
  identity: ColumnDefinition['identity']
  comment: string | undefined
}

export function parseColumn(reader: TokenReader): ColumnDefinition {
  const name = reader.identifier()
  const hasType = reader.token.kind === 'word' && !reader.isWord('COMMENT') && !reader.isWord('NOT')
  const type = hasType ? parseType(reader) : undefined
  const parts: ColumnParts = { notNull: false, default: undefined, identity: undefined, comment: undefined }
  const constraints: TableConstraint[] = []
  while (parseColumnPart(reader, name, parts, constraints));
  return { name, type, ...parts, constraints }
}

/** One of what may follow a column's type, in any order; false when there is no more. */
function parseColumnPart(
  reader: TokenReader,
  column: Identifier,
  parts: ColumnParts,
  constraints: TableConstraint[],
): boolean {
  const constraint = parseColumnConstraint(reader, column)
  if (constraint !== undefined) constraints.push(constraint)
  else if (reader.takeWords('NOT', 'NULL')) parts.notNull = true
  else if (reader.takeWords('DEFAULT')) parts.default = parseDefault(reader)
  else if (reader.takeOneOf(['AUTOINCREMENT', 'IDENTITY']) !== undefined) parts.identity = parseIdentity(reader)
  else if (reader.takeWords('COMMENT')) parts.comment = reader.string()
  else if (reader.takeWords('COLLATE')) reader.string()
  else return reader.takeOneOf(['NULL', 'ORDER', 'NOORDER']) !== undefined
  takeConstraintProperties(reader)
  return true
}

function parseColumnConstraint(reader: TokenReader, column: Identifier): TableConstraint | undefined {
  return reader.attempt(() => {
    const name = reader.takeWords('CONSTRAINT') ? reader.identifier() : undefined
    const kind = reader.takeOneOf(constraintKinds)
    if (kind === undefined && !reader.isWord('REFERENCES')) return undefined
    const references = reader.isWord('REFERENCES') ? parseReferences(reader) : undefined
    return { name, kind: kind ?? 'FOREIGN KEY', columns: [column], references }
  })
}

function parseDefault(reader: TokenReader): ColumnDefinition['default'] {
  const { start } = reader.token
  const expression = reader.expression()
  return { expression, text: reader.textFrom(start) }
}

/** `AUTOINCREMENT (1, 1)` or `AUTOINCREMENT START 1 INCREMENT 1`. */
function parseIdentity(reader: TokenReader): ColumnDefinition['identity'] {
  if (reader.isSymbol('(')) {
    const [start = 1, increment = 1] = reader.bracketed(() => reader.integer())
    return { start: String(start), increment: String(increment) }
  }
  const start = reader.takeWords('START') ? takeNumber(reader, 'WITH') : 1
  const increment = reader.takeWords('INCREMENT') ? takeNumber(reader, 'BY') : 1
  return { start: String(start), increment: String(increment) }
}

function takeNumber(reader: TokenReader, word: string): number {
  reader.takeWords(word)
  reader.takeSymbol('=')
  return reader.integer()
}
