import type { Identifier, ObjectName } from './ast-expression.ts'
import type { SelectItem, StarItem, TableAlias } from './ast-query.ts'
import type { TokenReader } from './token-reader.ts'

/** Words that go on with the query, and so are no alias without AS. */
const notAliases = new Set(
  (
    'FROM WHERE GROUP HAVING QUALIFY ORDER LIMIT OFFSET FETCH UNION INTERSECT EXCEPT MINUS ON USING ' +
    'JOIN INNER LEFT RIGHT FULL CROSS NATURAL ASOF LATERAL WHEN THEN ELSE END AND OR NOT IN IS LIKE ' +
    'ILIKE RLIKE BETWEEN INTO SET VALUES AS PIVOT UNPIVOT SAMPLE TABLESAMPLE MATCH_CONDITION SELECT ' +
    'WITH CHANGES FILE_FORMAT CLUSTER COPY COMMENT'
  ).split(' '),
)

export function parseSelectItems(reader: TokenReader): readonly SelectItem[] {
  const items = [parseSelectItem(reader)]
  while (reader.takeSymbol(',')) {
    // A comma behind the last item is forgiven.
    if (reader.isWord('FROM')) break
    items.push(parseSelectItem(reader))
  }
  return items
}

function parseSelectItem(reader: TokenReader): SelectItem {
  const star = parseStar(reader)
  if (star !== undefined) return star
  const start = reader.token.start
  const expression = reader.expression()
  const text = reader.textFrom(start)
  return { kind: 'expression', expression, alias: parseAlias(reader), text }
}

export function parseAlias(reader: TokenReader): Identifier | undefined {
  if (reader.takeWords('AS')) return reader.identifier()
  const { token } = reader
  if (token.kind === 'quoted') return reader.identifier()
  return token.kind === 'word' && !notAliases.has(token.upper) ? reader.identifier() : undefined
}

/** `AS t (a, b)`. */
export function parseTableAlias(reader: TokenReader): TableAlias | undefined {
  // A table named AT or BEFORE would hide Time Travel.
  const travels = (reader.isWord('AT') || reader.isWord('BEFORE')) && reader.isSymbol('(', 1)
  const name = travels ? undefined : parseAlias(reader)
  if (name === undefined) return undefined
  return { name, columns: reader.isSymbol('(') ? reader.bracketed(() => reader.identifier()) : [] }
}

function parseStar(reader: TokenReader): StarItem | undefined {
  const qualifier = reader.isSymbol('*') ? undefined : parseStarQualifier(reader)
  if (qualifier === undefined && !reader.isSymbol('*')) return undefined
  reader.expectSymbol('*')
  const ilike = reader.takeWords('ILIKE') ? reader.string() : undefined
  const exclude = reader.takeWords('EXCLUDE') ? oneOrBracketed(reader, () => reader.identifier()) : []
  const replace = reader.takeWords('REPLACE') ? oneOrBracketed(reader, () => parseReplacement(reader)) : []
  const rename = reader.takeWords('RENAME') ? oneOrBracketed(reader, () => parseRename(reader)) : []
  return { kind: 'star', qualifier, ilike, exclude, replace, rename }
}

function parseStarQualifier(reader: TokenReader): ObjectName | undefined {
  return reader.attempt(() => {
    const at = reader.token.start
    const parts: string[] = []
    while (reader.isIdentifier() && reader.isSymbol('.', 1)) {
      parts.push(reader.identifier())
      reader.next()
    }
    return parts.length > 0 && reader.isSymbol('*') ? { parts, at } : undefined
  })
}

function oneOrBracketed<Item>(reader: TokenReader, rule: () => Item): readonly Item[] {
  return reader.isSymbol('(') ? reader.bracketed(rule) : [rule()]
}

function parseReplacement(reader: TokenReader): StarItem['replace'][number] {
  const expression = reader.expression()
  reader.expectWords('AS')
  return { expression, name: reader.identifier() }
}

function parseRename(reader: TokenReader): StarItem['rename'][number] {
  const from = reader.identifier()
  reader.expectWords('AS')
  return { from, to: reader.identifier() }
}
