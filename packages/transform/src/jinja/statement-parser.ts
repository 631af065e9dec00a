import type { CallBlock, Filter, If, Macro, Parameter, Statement, Target, TemplateTree } from './ast.ts'
import { nodeName, targetOf } from './assignment-target.ts'
import { macroCatches } from './ast-walk.ts'
import { ExpressionParser } from './expression-parser.ts'
import { normalizeSource } from './lexer.ts'
import type { SourcePosition } from './template-error.ts'
import { describeToken } from './token.ts'
import { TokenStream, positionOf } from './token-stream.ts'

/**
 * Parses one tag that the host adds. It is called with the tag's name consumed and must consume up to, not including,
 * the "%}" of its last tag: `parseMacro` and `parseBlock` of the parser do.
 */
export type TagParser = (parser: StatementParser, tag: SourcePosition) => Statement

interface ParseOptions {
  readonly tags?: Readonly<Record<string, TagParser>>
}

const tagsWithLoader = new Set(['include', 'import', 'from', 'extends', 'block'])
const reservedNames = new Set(['true', 'True', 'false', 'False', 'none', 'None'])

/** @throws TemplateError of kind `syntax` */
export function parseTemplate(source: string, name: string, options: ParseOptions = {}): TemplateTree {
  const text = normalizeSource(source)
  return { name, source: text, body: new StatementParser(new TokenStream(text, name), options).parseTemplateBody() }
}

export interface MacroHead {
  readonly tag: string
  readonly name: string
  readonly parameters: readonly Parameter[]
  readonly settings?: Readonly<Record<string, unknown>>
}

/** Jinja2's statements on top of its expressions. */
export class StatementParser extends ExpressionParser {
  readonly #tags: Readonly<Record<string, TagParser>>
  readonly #openTags: string[] = []
  readonly #openEnds: (readonly string[])[] = []
  /** Offset of the "{%" of the tag that is being parsed. */
  #tagStart = 0
  /** Offset of the "{%" of the tag that closed the last block. */
  #endTagStart = 0
  #loopDepth = 0

  constructor(stream: TokenStream, options: ParseOptions) {
    super(stream)
    this.#tags = options.tags ?? {}
  }

  parseTemplateBody(): Statement[] {
    return this.#parseBody([])
  }

  /** Parses the end of a tag and everything up to one of the tags in `ends`, whose name is then the current token. */
  parseBlock(...ends: string[]): Statement[] {
    this.stream.skipOperator(':')
    this.stream.expect('block_end')
    const body = this.nested(() => this.#parseBody(ends))
    if (this.stream.is('eof')) this.#failAtEnd(ends)
    return body
  }

  #parseBody(ends: readonly string[]): Statement[] {
    const { stream } = this
    const body: Statement[] = []
    if (ends.length > 0) this.#openEnds.push(ends)
    while (!stream.is('eof')) {
      const token = stream.next()
      if (token.type === 'data') {
        body.push({ kind: 'Data', position: positionOf(token), text: token.value })
      } else if (token.type === 'variable_begin') {
        body.push({ kind: 'Output', position: positionOf(token), value: this.parseTuple() })
        stream.expect('variable_end')
      } else {
        if (ends.length > 0 && stream.isName(...ends)) {
          this.#endTagStart = token.offset
          break
        }
        this.#tagStart = token.offset
        body.push(...this.#parseStatement())
        stream.expect('block_end')
      }
    }
    if (ends.length > 0) this.#openEnds.pop()
    return body
  }

  #parseStatement(): Statement[] {
    const { stream } = this
    if (!stream.is('name')) stream.fail('tag name expected')
    const token = stream.current
    const parse = this.#statementParser(token.value)
    if (parse === undefined) return this.#failAtUnknownTag(token.value)
    this.#openTags.push(token.value)
    stream.next()
    const statements = parse(positionOf(token))
    this.#openTags.pop()
    return Array.isArray(statements) ? statements : [statements]
  }

  #statementParser(tag: string): ((position: SourcePosition) => Statement | Statement[]) | undefined {
    switch (tag) {
      case 'if':
        return (position) => this.#parseIf(position)
      case 'for':
        return (position) => this.#parseFor(position)
      case 'set':
        return (position) => this.#parseSet(position)
      case 'macro':
        return (position) => this.#parseMacroTag(position)
      case 'call':
        return (position) => this.#parseCallBlock(position)
      case 'filter':
        return (position) => this.#parseFilterBlock(position)
      case 'with':
        return (position) => this.#parseWith(position)
      case 'do':
        return (position) => ({ kind: 'Do', position, expression: this.parseTuple() })
      case 'print':
        return () => this.#parsePrint()
      case 'break':
      case 'continue':
        return (position) => this.#parseLoopControl(position, tag)
      default:
        return Object.hasOwn(this.#tags, tag) ? (position) => this.#tags[tag]?.(this, position) ?? [] : undefined
    }
  }

  #parseIf(position: SourcePosition): Statement {
    const branches: If['branches'][number][] = []
    for (;;) {
      const test = this.parseTuple({ conditional: false })
      branches.push({ test, body: this.parseBlock('elif', 'else', 'endif') })
      const end = this.stream.next().value
      if (end === 'elif') continue
      const otherwise = end === 'else' ? this.parseClosedBlock('endif') : []
      return { kind: 'If', position, branches, otherwise }
    }
  }

  /** Parses a block up to its end tag and consumes the name of that tag. */
  parseClosedBlock(end: string): Statement[] {
    const body = this.parseBlock(end)
    this.stream.next()
    return body
  }

  #parseFor(position: SourcePosition): Statement {
    const target = this.#parseTargets('in')
    this.stream.expect('name', 'in')
    const iterable = this.parseTuple({ conditional: false, endName: 'recursive' })
    const condition = this.stream.skipName('if') ? this.parseExpression() : undefined
    const recursive = this.stream.skipName('recursive')
    this.#loopDepth += 1
    const body = this.parseBlock('endfor', 'else')
    this.#loopDepth -= 1
    const otherwise = this.stream.next().value === 'else' ? this.parseClosedBlock('endfor') : []
    this.#refuseLoopTarget([target])
    return { kind: 'For', position, target, iterable, body, otherwise, condition, recursive }
  }

  #refuseLoopTarget(targets: readonly Target[]): void {
    for (const target of targets) {
      if (target.kind === 'TupleTarget') this.#refuseLoopTarget(target.items)
      else if (target.kind === 'NameTarget' && target.name === 'loop') {
        this.stream.fail("Can't assign to special loop variable in for-loop target", target.position, 'assertion')
      }
    }
  }

  #parseSet(position: SourcePosition): Statement {
    const target = this.#parseTargets('=', { withNamespace: true })
    if (this.stream.skipOperator('=')) return { kind: 'Assign', position, target, value: this.parseTuple() }
    let filter: Filter | undefined
    if (this.stream.skipOperator('|')) filter = this.parseFilterChain()
    return { kind: 'AssignBlock', position, target, filter, body: this.parseClosedBlock('endset') }
  }

  #parseMacroTag(position: SourcePosition): Statement {
    const start = this.#tagStart
    const name = this.#parseNewName()
    const parameters = this.parseParameters()
    return this.#finishMacro({ tag: 'macro', name, parameters }, position, start)
  }

  /**
   * Parses the rest of a block that becomes a macro: the end of its first tag, the body and `end<tag>`.
   * This is what a host's own tags are made of.
   */
  parseMacro(head: MacroHead, position: SourcePosition): Macro {
    return this.#finishMacro(head, position, this.#tagStart)
  }

  #finishMacro(head: MacroHead, position: SourcePosition, start: number): Macro {
    const { body, bodyStart, bodyEnd, end } = this.#parseFunctionBody(`end${head.tag}`)
    const catches = this.#checkSignature(head.parameters, body)
    return {
      kind: 'Macro',
      position,
      ...head,
      settings: head.settings ?? {},
      body,
      catches,
      start,
      end,
      bodyStart,
      bodyEnd,
    }
  }

  /** Loop controls cannot leave a macro or a call block. */
  #parseFunctionBody(end: string): { body: Statement[]; bodyStart: number; bodyEnd: number; end: number } {
    const loopDepth = this.#loopDepth
    this.#loopDepth = 0
    this.stream.skipOperator(':')
    const bodyStart = this.stream.current.end
    const body = this.parseBlock(end)
    this.#loopDepth = loopDepth
    const bodyEnd = this.#endTagStart
    this.stream.next()
    return { body, bodyStart, bodyEnd, end: this.stream.current.end }
  }

  #checkSignature(parameters: readonly Parameter[], body: readonly Statement[]): Macro['catches'] {
    const catches = macroCatches(parameters, body)
    const caller = parameters.find((parameter) => parameter.name === 'caller')
    if (catches.caller && caller && !caller.default) {
      const reason = `When defining macros or call blocks the special "caller" argument must be omitted or be given a default.`
      this.stream.fail(reason, caller.position, 'assertion')
    }
    return catches
  }

  #parseNewName(): string {
    const token = this.stream.expect('name')
    if (reservedNames.has(token.value)) this.stream.fail("can't assign to 'name'", token)
    return token.value
  }

  /** `(a, b: string, c=1)`, with optional type annotations. */
  parseParameters(): Parameter[] {
    const { stream } = this
    const parameters: Parameter[] = []
    stream.expectOperator('(')
    while (!stream.isOperator(')')) {
      if (parameters.length > 0) stream.expectOperator(',')
      parameters.push(this.#parseParameter(parameters))
    }
    stream.expectOperator(')')
    return parameters
  }

  #parseParameter(earlier: readonly Parameter[]): Parameter {
    const { stream } = this
    const token = stream.current
    const name = this.#parseNewName()
    if (earlier.some((parameter) => parameter.name === name)) stream.fail(`duplicate argument '${name}'`, token)
    const annotation = stream.skipOperator(':') ? this.#parseAnnotation() : undefined
    const value = stream.skipOperator('=') ? this.parseExpression() : undefined
    if (!value && earlier.some((parameter) => parameter.default)) {
      stream.fail('non-default argument follows default argument')
    }
    return { kind: 'Parameter', position: positionOf(token), name, annotation, default: value }
  }

  #parseAnnotation(): string {
    const { stream } = this
    let text = stream.expect('name').value
    if (!stream.skipOperator('[')) return text
    const inner = [this.#parseAnnotation()]
    while (stream.skipOperator(',')) inner.push(this.#parseAnnotation())
    stream.expectOperator(']')
    text += `[${inner.join(', ')}]`
    return text
  }

  #parseCallBlock(position: SourcePosition): CallBlock {
    const parameters = this.stream.isOperator('(') ? this.parseParameters() : []
    const call = this.parseExpression()
    if (call.kind !== 'Call') return this.stream.fail('expected call', position)
    const { body } = this.#parseFunctionBody('endcall')
    return { kind: 'CallBlock', position, call, parameters, body, catches: this.#checkSignature(parameters, body) }
  }

  #parseFilterBlock(position: SourcePosition): Statement {
    const filter = this.parseFilterChain()
    return { kind: 'FilterBlock', position, filter, body: this.parseClosedBlock('endfilter') }
  }

  #parseWith(position: SourcePosition): Statement {
    const { stream } = this
    const targets: Target[] = []
    const values = []
    while (!stream.is('block_end')) {
      if (targets.length > 0) stream.expectOperator(',')
      targets.push(this.#parseTargets('='))
      stream.expectOperator('=')
      values.push(this.parseExpression())
    }
    return { kind: 'With', position, targets, values, body: this.parseClosedBlock('endwith') }
  }

  #parsePrint(): Statement[] {
    const { stream } = this
    const outputs: Statement[] = []
    while (!stream.is('block_end')) {
      if (outputs.length > 0) stream.expectOperator(',')
      outputs.push({ kind: 'Output', position: positionOf(stream.current), value: this.parseExpression() })
    }
    return outputs
  }

  #parseLoopControl(position: SourcePosition, tag: 'break' | 'continue'): Statement {
    if (this.#loopDepth === 0) this.stream.fail(`'${tag}' outside loop`, position)
    return { kind: tag === 'break' ? 'Break' : 'Continue', position }
  }

  /** One assignment target, or several with commas between them, up to `end`. */
  #parseTargets(end: string, options: { withNamespace?: boolean } = {}): Target {
    const { stream } = this
    const position = positionOf(stream.current)
    const items: Target[] = []
    let isTuple = false
    for (;;) {
      if (items.length > 0) stream.expectOperator(',')
      if (stream.is('block_end') || stream.isOperator(')') || stream.isName(end)) break
      items.push(this.#parseTarget(options))
      if (!stream.isOperator(',')) break
      isTuple = true
    }
    const [single] = items
    if (isTuple || !single) {
      if (!isTuple) stream.fail(`Expected an expression, got '${describeToken(stream.current)}'`)
      return { kind: 'TupleTarget', position, items }
    }
    return single
  }

  /** As in Jinja2 a target is parsed as an expression and must turn out to be one that can be assigned to. */
  #parseTarget(options: { withNamespace?: boolean }): Target {
    const { stream } = this
    const expression = this.parsePrimary()
    if (options.withNamespace && expression.kind === 'Name' && stream.skipOperator('.')) {
      const { position, name } = expression
      return { kind: 'NamespaceTarget', position, name, attribute: stream.expect('name').value }
    }
    const target = targetOf(expression)
    return target ?? stream.fail(`can't assign to '${nodeName(expression)}'`, expression.position)
  }

  #failAtUnknownTag(name: string): never {
    if (tagsWithLoader.has(name)) {
      this.stream.fail(`the tag '${name}' needs other template files, which this engine does not load`)
    }
    return this.#failLooking(`Encountered unknown tag '${name}'.`, name, this.#openEnds)
  }

  #failAtEnd(ends: readonly string[]): never {
    return this.#failLooking('Unexpected end of template.', undefined, [...this.#openEnds, ends])
  }

  #failLooking(start: string, name: string | undefined, openEnds: readonly (readonly string[])[]): never {
    const message = [start]
    const looking = openEnds
      .at(-1)
      ?.map((end) => `'${end}'`)
      .join(' or ')
    if (looking !== undefined && name !== undefined && openEnds.some((ends) => ends.includes(name))) {
      message.push(
        `You probably made a nesting mistake. Jinja is expecting this tag, but currently looking for ${looking}.`,
      )
    } else if (looking !== undefined) {
      message.push(`Jinja was looking for the following tags: ${looking}.`)
    }
    const innermost = this.#openTags.at(-1)
    if (innermost !== undefined) message.push(`The innermost block that needs to be closed is '${innermost}'.`)
    return this.stream.fail(message.join(' '))
  }
}
