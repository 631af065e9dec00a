import type { BinaryOperator, ComparisonOperator, Expression, PathStep } from './ast-expression.ts'
import { parsePrimary } from './parse-primary.ts'
import { parseType } from './parse-type.ts'
import type { TokenReader } from './token-reader.ts'

/*
 * Weakest first: OR, AND, NOT, comparisons (with IS, IN, BETWEEN, LIKE), + - ||, * / %, signs, `::`, paths.
 */

export function parseExpression(reader: TokenReader): Expression {
  return parseLambda(reader) ?? parseOr(reader)
}

function parseLambda(reader: TokenReader): Expression | undefined {
  if (reader.isIdentifier() && reader.isSymbol('->', 1)) return lambda(reader, [reader.identifier()])
  if (!reader.isSymbol('(') || !reader.isIdentifier(1)) return undefined
  return reader.attempt(() => {
    reader.next()
    const parameters: string[] = []
    do {
      if (!reader.isIdentifier()) return undefined
      parameters.push(reader.identifier())
      if (reader.isIdentifier()) reader.next()
    } while (reader.takeSymbol(','))
    return reader.takeSymbol(')') && reader.isSymbol('->') ? lambda(reader, parameters) : undefined
  })
}

function lambda(reader: TokenReader, parameters: readonly string[]): Expression {
  reader.expectSymbol('->')
  return { kind: 'lambda', parameters, body: parseExpression(reader) }
}

function parseOr(reader: TokenReader): Expression {
  let left = parseAnd(reader)
  while (reader.takeWords('OR')) left = binary('OR', left, parseAnd(reader))
  return left
}

function parseAnd(reader: TokenReader): Expression {
  let left = parseNot(reader)
  while (reader.takeWords('AND')) left = binary('AND', left, parseNot(reader))
  return left
}

function parseNot(reader: TokenReader): Expression {
  return reader.takeWords('NOT') ? { kind: 'not', operand: parseNot(reader) } : parseComparison(reader)
}

const comparisons: Readonly<Record<string, ComparisonOperator>> = {
  '=': '=',
  '<>': '<>',
  '!=': '<>',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
}

function parseComparison(reader: TokenReader): Expression {
  let left = parseSum(reader)
  for (;;) {
    const { token } = reader
    const operator = token.kind === 'symbol' ? comparisons[token.text] : undefined
    const next = operator === undefined ? parsePredicate(reader, left) : compare(reader, left, operator)
    if (next === undefined) return left
    left = next
  }
}

function compare(reader: TokenReader, left: Expression, operator: ComparisonOperator): Expression {
  reader.next()
  const isQuantified =
    (reader.isWord('ANY') || reader.isWord('ALL') || reader.isWord('SOME')) && reader.isSymbol('(', 1)
  if (!isQuantified) return binary(operator, left, parseSum(reader))
  const quantifier = reader.expectOneOf(['ANY', 'SOME', 'ALL']) === 'ALL' ? 'ALL' : 'ANY'
  return { kind: 'compareQuery', operator, quantifier, operand: left, query: bracketedQuery(reader) }
}

/** What may stand behind an operand in words. */
function parsePredicate(reader: TokenReader, operand: Expression): Expression | undefined {
  if (reader.takeWords('IS')) return parseIs(reader, operand)
  const negated = reader.isWord('NOT') && isPredicateWord(reader, 1)
  if (!negated && !isPredicateWord(reader, 0)) return undefined
  if (negated) reader.next()
  if (reader.takeWords('BETWEEN')) {
    const low = parseSum(reader)
    reader.expectWords('AND')
    return { kind: 'between', operand, low, high: parseSum(reader), negated }
  }
  return reader.takeWords('IN') ? parseIn(reader, operand, negated) : parseLike(reader, operand, negated)
}

function isPredicateWord(reader: TokenReader, ahead: number): boolean {
  return ['BETWEEN', 'IN', 'LIKE', 'ILIKE', 'RLIKE', 'REGEXP'].some((word) => reader.isWord(word, ahead))
}

function parseIs(reader: TokenReader, operand: Expression): Expression {
  const negated = reader.takeWords('NOT')
  if (reader.takeWords('DISTINCT', 'FROM')) return { kind: 'distinct', left: operand, right: parseSum(reader), negated }
  return { kind: 'is', operand, test: reader.expectOneOf(['NULL', 'TRUE', 'FALSE']), negated }
}

function parseIn(reader: TokenReader, operand: Expression, negated: boolean): Expression {
  if (reader.isSymbol('(') && isQueryAhead(reader, 1)) {
    return { kind: 'inQuery', operand, query: bracketedQuery(reader), negated }
  }
  return { kind: 'in', operand, values: reader.bracketed(() => parseExpression(reader)), negated }
}

function parseLike(reader: TokenReader, operand: Expression, negated: boolean): Expression {
  const word = reader.expectOneOf(['LIKE', 'ILIKE', 'RLIKE', 'REGEXP'])
  const operator = word === 'REGEXP' ? 'RLIKE' : word
  const quantifier = reader.takeOneOf(['ANY', 'ALL'])
  const patterns = quantifier === undefined ? [parseSum(reader)] : reader.bracketed(() => parseExpression(reader))
  const escape = reader.takeWords('ESCAPE') ? parseSum(reader) : undefined
  return { kind: 'like', operator, operand, patterns, quantifier, escape, negated }
}

function parseSum(reader: TokenReader): Expression {
  let left = parseProduct(reader)
  for (;;) {
    const operator = takeOperator(reader, ['+', '-', '||'])
    if (operator === undefined) return left
    left = binary(operator, left, parseProduct(reader))
  }
}

function parseProduct(reader: TokenReader): Expression {
  let left = parseSign(reader)
  for (;;) {
    const operator = takeOperator(reader, ['*', '/', '%'])
    if (operator === undefined) return left
    left = binary(operator, left, parseSign(reader))
  }
}

function takeOperator<Operator extends BinaryOperator>(
  reader: TokenReader,
  operators: readonly Operator[],
): Operator | undefined {
  return operators.find((operator) => reader.takeSymbol(operator))
}

function parseSign(reader: TokenReader): Expression {
  if (reader.takeSymbol('-')) return { kind: 'negate', operand: parseSign(reader) }
  return reader.takeSymbol('+') ? parseSign(reader) : parsePostfix(reader)
}

function parsePostfix(reader: TokenReader): Expression {
  let operand = parsePrimary(reader)
  for (;;) {
    if (reader.takeSymbol('::')) {
      operand = { kind: 'cast', operand, type: parseType(reader), tries: false }
      continue
    }
    const steps = parseSteps(reader)
    if (steps.length > 0) operand = { kind: 'path', operand, steps }
    else if (reader.takeWords('COLLATE')) reader.string()
    else return operand
  }
}

/** `:a.b[0]['c']`: a path begins with a colon or a bracket, and goes on with points. */
function parseSteps(reader: TokenReader): readonly PathStep[] {
  const steps: PathStep[] = []
  for (;;) {
    if (reader.isSymbol(':') && reader.isIdentifier(1)) {
      reader.next()
      steps.push({ kind: 'key', key: pathKey(reader) })
    } else if (steps.length > 0 && reader.isSymbol('.') && reader.isIdentifier(1)) {
      reader.next()
      steps.push({ kind: 'key', key: pathKey(reader) })
    } else if (reader.takeSymbol('[')) {
      steps.push({ kind: 'element', index: parseExpression(reader) })
      reader.expectSymbol(']')
    } else {
      return steps
    }
  }
}

/** Keys of JSON are not folded. */
function pathKey(reader: TokenReader): string {
  return reader.next().text
}

export function isQueryAhead(reader: TokenReader, ahead: number): boolean {
  let place = ahead
  while (reader.isSymbol('(', place)) place += 1
  return reader.isWord('SELECT', place) || reader.isWord('WITH', place) || reader.isWord('VALUES', place)
}

function bracketedQuery(reader: TokenReader): ReturnType<TokenReader['query']> {
  reader.expectSymbol('(')
  const query = reader.query()
  reader.expectSymbol(')')
  return query
}

function binary(operator: BinaryOperator, left: Expression, right: Expression): Expression {
  return { kind: 'binary', operator, left, right }
}
