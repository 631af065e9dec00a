import type { CallArguments, Expression } from './ast.ts'
import type { TokenStream } from './token-stream.ts'

/** The arguments of a call, a filter or a test, parentheses included. */
export function parseArguments(stream: TokenStream, parseExpression: () => Expression): CallArguments {
  const opening = stream.expectOperator('(')
  const positional: Expression[] = []
  const keywords: { name: string; value: Expression }[] = []
  let spread: Expression | undefined
  let keywordSpread: Expression | undefined
  const ensure = (isAllowed: boolean) => {
    if (!isAllowed) stream.fail('invalid syntax for function call expression', opening)
  }
  let needsComma = false
  while (!stream.isOperator(')')) {
    if (needsComma) stream.expectOperator(',')
    if (needsComma && stream.isOperator(')')) break
    needsComma = true
    if (stream.skipOperator('*')) {
      ensure(!spread && !keywordSpread)
      spread = parseExpression()
    } else if (stream.skipOperator('**')) {
      ensure(!keywordSpread)
      keywordSpread = parseExpression()
    } else if (atKeyword(stream)) {
      ensure(!keywordSpread)
      keywords.push(parseKeyword(stream, { earlier: keywords, parseExpression }))
    } else {
      ensure(!spread && !keywordSpread && keywords.length === 0)
      positional.push(parseExpression())
    }
  }
  stream.expectOperator(')')
  return { positional, keywords, spread, keywordSpread }
}

function atKeyword(stream: TokenStream): boolean {
  if (!stream.is('name')) return false
  const next = stream.look()
  return next.type === 'operator' && next.value === '='
}

function parseKeyword(
  stream: TokenStream,
  { earlier, parseExpression }: { earlier: readonly { name: string }[]; parseExpression: () => Expression },
): { name: string; value: Expression } {
  const token = stream.next()
  if (earlier.some(({ name }) => name === token.value)) {
    stream.fail(`keyword argument repeated: ${token.value}`, token)
  }
  stream.next()
  return { name: token.value, value: parseExpression() }
}
