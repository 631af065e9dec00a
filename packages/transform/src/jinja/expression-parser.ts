import type {
  BinaryOperator,
  CallArguments,
  Comparison,
  ComparisonOperator,
  DictExpression,
  Expression,
  Filter,
} from './ast.ts'
import { parseArguments } from './call-arguments.ts'
import { parseFloatLiteral, parseIntegerLiteral } from './python-number.ts'
import { type Token, describeToken } from './token.ts'
import { type TokenStream, positionOf } from './token-stream.ts'

/** Blocks, brackets, unary operators and conditionals inside one another; CPython refuses deeper ones as well. */
const nestingMax = 200

const constants = new Map<string, unknown>([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['none', null],
  ['None', null],
])

const noArguments: CallArguments = { positional: [], keywords: [], spread: undefined, keywordSpread: undefined }

interface TupleOptions {
  /** Whether `a if b` may stand in the tuple. Default true. */
  readonly conditional?: boolean
  /** Whether `()` is a tuple. Default false. */
  readonly mayBeEmpty?: boolean
  /** A name that ends the tuple, as `recursive` does for the iterable of a loop. */
  readonly endName?: string
}

/** Jinja2's expression grammar, by recursive descent; each method is one level of precedence. */
export class ExpressionParser {
  readonly stream: TokenStream
  #nesting = 0

  constructor(stream: TokenStream) {
    this.stream = stream
  }

  parseExpression(): Expression {
    return this.nested(() => this.#parseConditional())
  }

  /** One expression, or a tuple where commas stand between several. */
  parseTuple(options: TupleOptions = {}): Expression {
    const { conditional = true, mayBeEmpty = false, endName } = options
    const { stream } = this
    const position = positionOf(stream.current)
    const items: Expression[] = []
    let isTuple = false
    for (;;) {
      if (items.length > 0) stream.expectOperator(',')
      if (this.#atTupleEnd(endName)) break
      items.push(conditional ? this.parseExpression() : this.nested(() => this.#parseOr()))
      if (!stream.isOperator(',')) break
      isTuple = true
    }
    const [single] = items
    if (!isTuple && single) return single
    if (!isTuple && !mayBeEmpty) stream.fail(`Expected an expression, got '${describeToken(stream.current)}'`)
    return { kind: 'Tuple', position, items }
  }

  #atTupleEnd(endName: string | undefined): boolean {
    const { stream } = this
    if (stream.is('variable_end') || stream.is('block_end') || stream.isOperator(')')) return true
    return endName !== undefined && stream.isName(endName)
  }

  protected nested<T>(parse: () => T): T {
    this.#nesting += 1
    if (this.#nesting > nestingMax) this.stream.fail(`nested more than ${nestingMax} levels deep`)
    const result = parse()
    this.#nesting -= 1
    return result
  }

  #parseConditional(): Expression {
    const position = positionOf(this.stream.current)
    let expression = this.#parseOr()
    while (this.stream.skipName('if')) {
      const test = this.#parseOr()
      const alternative = this.stream.skipName('else') ? this.nested(() => this.#parseConditional()) : undefined
      expression = { kind: 'Conditional', position, test, consequent: expression, alternative }
    }
    return expression
  }

  #parseOr(): Expression {
    let left = this.#parseAnd()
    while (this.stream.isName('or')) {
      const position = positionOf(this.stream.next())
      left = { kind: 'Logical', position, operator: 'or', left, right: this.#parseAnd() }
    }
    return left
  }

  #parseAnd(): Expression {
    let left = this.#parseNot()
    while (this.stream.isName('and')) {
      const position = positionOf(this.stream.next())
      left = { kind: 'Logical', position, operator: 'and', left, right: this.#parseNot() }
    }
    return left
  }

  #parseNot(): Expression {
    if (!this.stream.isName('not')) return this.#parseComparison()
    const position = positionOf(this.stream.next())
    return { kind: 'Unary', position, operator: 'not', operand: this.nested(() => this.#parseNot()) }
  }

  #parseComparison(): Expression {
    const first = this.#parseSum()
    const rest: Comparison['rest'][number][] = []
    let position = positionOf(this.stream.current)
    for (;;) {
      const at = positionOf(this.stream.current)
      const operator = this.#takeComparisonOperator()
      if (operator === undefined) break
      if (rest.length === 0) position = at
      rest.push({ operator, operand: this.#parseSum() })
    }
    return rest.length === 0 ? first : { kind: 'Comparison', position, first, rest }
  }

  #takeComparisonOperator(): ComparisonOperator | undefined {
    const { stream } = this
    if (stream.isOperator('==', '!=', '<', '<=', '>', '>=')) return stream.next().value as ComparisonOperator
    if (stream.skipName('in')) return 'in'
    const next = stream.isName('not') ? stream.look() : undefined
    if (next?.type !== 'name' || next.value !== 'in') return undefined
    stream.next()
    stream.next()
    return 'not in'
  }

  #parseSum(): Expression {
    return this.#parseBinary(['+', '-'], () => this.#parseConcatenation())
  }

  #parseConcatenation(): Expression {
    const first = this.#parseProduct()
    if (!this.stream.isOperator('~')) return first
    const position = positionOf(this.stream.current)
    const items = [first]
    while (this.stream.skipOperator('~')) items.push(this.#parseProduct())
    return { kind: 'Concatenation', position, items }
  }

  #parseProduct(): Expression {
    return this.#parseBinary(['*', '/', '//', '%'], () => this.#parsePower())
  }

  /** Unlike Python's, Jinja2's power associates to the left and binds weaker than a sign before its base. */
  #parsePower(): Expression {
    return this.#parseBinary(['**'], () => this.#parseUnary())
  }

  #parseBinary(operators: readonly BinaryOperator[], parseOperand: () => Expression): Expression {
    let left = parseOperand()
    while (this.stream.isOperator(...operators)) {
      const token = this.stream.next()
      const operator = token.value as BinaryOperator
      left = { kind: 'Binary', position: positionOf(token), operator, left, right: parseOperand() }
    }
    return left
  }

  #parseUnary(withFilters = true): Expression {
    const { stream } = this
    let node: Expression
    if (stream.isOperator('-', '+')) {
      const token = stream.next()
      const operator = token.value === '-' ? '-' : '+'
      const operand = this.nested(() => this.#parseUnary(false))
      node = { kind: 'Unary', position: positionOf(token), operator, operand }
    } else {
      node = this.parsePrimary()
    }
    node = this.#parsePostfix(node)
    return withFilters ? this.#parseFiltersAndTests(node) : node
  }

  parsePrimary(): Expression {
    const { stream } = this
    const token = stream.current
    const position = positionOf(token)
    if (token.type === 'name') {
      stream.next()
      return constants.has(token.value)
        ? { kind: 'Constant', position, value: constants.get(token.value) }
        : { kind: 'Name', position, name: token.value }
    }
    if (token.type === 'string') return { kind: 'Constant', position, value: this.#parseStrings() }
    if (token.type === 'integer' || token.type === 'float') {
      stream.next()
      const value = token.type === 'integer' ? parseIntegerLiteral(token.value) : parseFloatLiteral(token.value)
      return { kind: 'Constant', position, value }
    }
    if (stream.isOperator('(')) return this.#parseParentheses()
    if (stream.isOperator('[')) return this.#parseList()
    if (stream.isOperator('{')) return this.#parseDict()
    return stream.fail(`unexpected '${describeToken(token)}'`)
  }

  /** Strings that stand side by side are one string. */
  #parseStrings(): string {
    let text = ''
    while (this.stream.is('string')) text += this.stream.next().value
    return text
  }

  #parseParentheses(): Expression {
    this.stream.next()
    const node = this.parseTuple({ mayBeEmpty: true })
    this.stream.expectOperator(')')
    return node
  }

  #parseList(): Expression {
    const position = positionOf(this.stream.next())
    const items: Expression[] = []
    this.#parseCommaSeparated(']', () => items.push(this.parseExpression()))
    return { kind: 'List', position, items }
  }

  #parseDict(): Expression {
    const position = positionOf(this.stream.next())
    const entries: DictExpression['entries'][number][] = []
    this.#parseCommaSeparated('}', () => {
      const key = this.parseExpression()
      this.stream.expectOperator(':')
      entries.push({ key, value: this.parseExpression() })
    })
    return { kind: 'Dict', position, entries }
  }

  #parseCommaSeparated(closing: string, parseItem: () => void): void {
    let isFirst = true
    while (!this.stream.isOperator(closing)) {
      if (!isFirst) this.stream.expectOperator(',')
      if (this.stream.isOperator(closing)) break
      parseItem()
      isFirst = false
    }
    this.stream.expectOperator(closing)
  }

  #parsePostfix(node: Expression): Expression {
    let result = node
    for (;;) {
      if (this.stream.isOperator('.')) result = this.#parseAttribute(result)
      else if (this.stream.isOperator('[')) result = this.#parseSubscript(result)
      else if (this.stream.isOperator('(')) result = this.#parseCall(result)
      else return result
    }
  }

  #parseFiltersAndTests(node: Expression): Expression {
    let result = node
    for (;;) {
      if (this.stream.isOperator('|')) result = this.#parseOneFilter(result)
      else if (this.stream.isName('is')) result = this.#parseTest(result)
      else if (this.stream.isOperator('(')) result = this.#parseCall(result)
      else return result
    }
  }

  #parseAttribute(object: Expression): Expression {
    const position = positionOf(this.stream.next())
    const token = this.stream.next()
    if (token.type === 'name') return { kind: 'Attribute', position, object, name: token.value }
    if (token.type !== 'integer') this.stream.fail('expected name or number', token)
    const index: Expression = { kind: 'Constant', position: positionOf(token), value: parseIntegerLiteral(token.value) }
    return { kind: 'Item', position, object, index }
  }

  #parseSubscript(object: Expression): Expression {
    const position = positionOf(this.stream.next())
    const items: Expression[] = []
    while (!this.stream.isOperator(']')) {
      if (items.length > 0) this.stream.expectOperator(',')
      items.push(this.#parseIndex())
    }
    this.stream.expectOperator(']')
    const [single] = items
    const index: Expression = single && items.length === 1 ? single : { kind: 'Tuple', position, items }
    return { kind: 'Item', position, object, index }
  }

  #parseIndex(): Expression {
    const { stream } = this
    const position = positionOf(stream.current)
    const start = stream.isOperator(':') ? undefined : this.parseExpression()
    if (start && !stream.isOperator(':')) return start
    stream.next()
    const stop = stream.isOperator(':', ']', ',') ? undefined : this.parseExpression()
    const step = stream.skipOperator(':') && !stream.isOperator(']', ',') ? this.parseExpression() : undefined
    return { kind: 'Slice', position, start, stop, step }
  }

  #parseCall(callee: Expression): Expression {
    const position = positionOf(this.stream.current)
    return { kind: 'Call', position, callee, arguments: this.#parseArguments() }
  }

  #parseArguments(): CallArguments {
    return parseArguments(this.stream, () => this.parseExpression())
  }

  /** A chain of filters without the value that they are applied to, as in `{% filter upper|trim %}`. */
  parseFilterChain(): Filter {
    let chain = this.#parseFilterCall(undefined)
    while (this.stream.skipOperator('|')) chain = this.#parseFilterCall(chain)
    return chain
  }

  #parseOneFilter(operand: Expression): Filter {
    this.stream.next()
    return this.#parseFilterCall(operand)
  }

  #parseFilterCall(operand: Expression | undefined): Filter {
    const { name, token } = this.#parseDottedName()
    const callArguments = this.stream.isOperator('(') ? this.#parseArguments() : noArguments
    return { kind: 'Filter', position: positionOf(token), operand, name, arguments: callArguments }
  }

  #parseDottedName(): { name: string; token: Token } {
    const token = this.stream.expect('name')
    let name = token.value
    while (this.stream.skipOperator('.')) name += `.${this.stream.expect('name').value}`
    return { name, token }
  }

  #parseTest(operand: Expression): Expression {
    const position = positionOf(this.stream.next())
    const isNegated = this.stream.skipName('not')
    const { name } = this.#parseDottedName()
    const test: Expression = { kind: 'Test', position, operand, name, arguments: this.#parseTestArguments() }
    return isNegated ? { kind: 'Unary', position, operator: 'not', operand: test } : test
  }

  /** A test takes its arguments in parentheses, or one argument without them. */
  #parseTestArguments(): CallArguments {
    const { stream } = this
    if (stream.isOperator('(')) return this.#parseArguments()
    const isArgument =
      stream.is('name') ||
      stream.is('string') ||
      stream.is('integer') ||
      stream.is('float') ||
      stream.isOperator('[', '{')
    if (!isArgument || stream.isName('else', 'or', 'and')) return noArguments
    if (stream.isName('is')) stream.fail('You cannot chain multiple tests with is')
    return { ...noArguments, positional: [this.#parsePostfix(this.parsePrimary())] }
  }
}
