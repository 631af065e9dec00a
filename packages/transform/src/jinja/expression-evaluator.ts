import type {
  CallArguments,
  Comparison,
  Concatenation,
  DictExpression,
  Expression,
  Filter,
  Item,
  Slice,
  Test,
} from './ast.ts'
import { getAttribute, getItem } from './attributes.ts'
import { awaited, callValue } from './call.ts'
import type { Frame } from './frame.ts'
import { asMapping } from './mapping.ts'
import { applyBinary, applyUnary, compare } from './operators.ts'
import type { Evaluation, KeywordArguments } from './protocol.ts'
import { PyDict, PyTuple } from './python-collections.ts'
import { isTrue, iterate } from './python-object.ts'
import { textOf, typeName } from './python-text.ts'
import { sliceOf } from './slice.ts'
import { typeError } from './template-error.ts'

/**
 * Evaluates an expression. It is a generator, so that one implementation serves both modes: where a value has to be awaited
 * the promise is yielded (see drive.ts). Before an operation that can fail the node is noted as the place of the error.
 */
export function* evaluate(node: Expression, frame: Frame): Evaluation {
  switch (node.kind) {
    case 'Constant':
      return node.value
    case 'Name':
      return lookup(node.name, frame)
    case 'Attribute': {
      const object = immediate(node.object, frame) ?? (yield* evaluate(node.object, frame))
      frame.activation.node = node
      return getAttribute(object, node.name, frame.activation.run)
    }
    case 'Item':
      return yield* evaluateItem(node, frame)
    case 'Call': {
      const callee = immediate(node.callee, frame) ?? (yield* evaluate(node.callee, frame))
      const { args, kwargs } = yield* evaluateArguments(node.arguments, frame)
      frame.activation.node = node
      return yield* callValue(callee, args, kwargs, frame)
    }
    case 'Filter': {
      const operand = node.operand && (immediate(node.operand, frame) ?? (yield* evaluate(node.operand, frame)))
      return yield* applyFilter(node, operand, frame)
    }
    case 'Test':
      return yield* evaluateTest(node, frame)
    case 'Conditional':
      if (isTrue(immediate(node.test, frame) ?? (yield* evaluate(node.test, frame))))
        return yield* evaluate(node.consequent, frame)
      if (node.alternative) return yield* evaluate(node.alternative, frame)
      return frame.activation.run.undefined({
        hint:
          `the inline if-expression on line ${node.position.line} in '${frame.activation.templateName}' evaluated to false` +
          ' and no else section was defined.',
      })
    case 'Logical': {
      const left = immediate(node.left, frame) ?? (yield* evaluate(node.left, frame))
      frame.activation.node = node
      return isTrue(left) === (node.operator === 'or') ? left : yield* evaluate(node.right, frame)
    }
    case 'Unary': {
      const operand = immediate(node.operand, frame) ?? (yield* evaluate(node.operand, frame))
      frame.activation.node = node
      return applyUnary(node.operator, operand)
    }
    case 'Binary': {
      const left = immediate(node.left, frame) ?? (yield* evaluate(node.left, frame))
      const right = immediate(node.right, frame) ?? (yield* evaluate(node.right, frame))
      frame.activation.node = node
      return applyBinary(node.operator, left, right)
    }
    case 'Comparison':
      return yield* evaluateComparison(node, frame)
    case 'Concatenation':
      return yield* evaluateConcatenation(node, frame)
    case 'List':
      return yield* evaluateAll(node.items, frame)
    case 'Tuple':
      return new PyTuple(yield* evaluateAll(node.items, frame))
    case 'Dict':
      return yield* evaluateDict(node, frame)
    case 'Slice':
      frame.activation.node = node
      throw typeError('a slice cannot be part of a longer index')
  }
}

/**
 * Constants, names and attributes of them are most of all operands: they are read without the cost of a generator.
 * Undefined for other nodes, none for some of these, which then are evaluated as any node.
 */
export function immediate(node: Expression, frame: Frame): unknown {
  if (node.kind === 'Constant') return node.value
  if (node.kind === 'Name') return lookup(node.name, frame)
  if (node.kind !== 'Attribute') return undefined
  const object = immediate(node.object, frame)
  if (object === undefined || object === null) return undefined
  frame.activation.node = node
  return getAttribute(object, node.name, frame.activation.run)
}

function lookup(name: string, frame: Frame): unknown {
  const value = frame.scope.get(name)
  if (value !== undefined) return value
  const found = frame.activation.run.lookup(name)
  return found === undefined ? frame.activation.run.undefined({ name }) : found
}

function* evaluateAll(nodes: readonly Expression[], frame: Frame): Evaluation<unknown[]> {
  const values: unknown[] = []
  for (const node of nodes) values.push(immediate(node, frame) ?? (yield* evaluate(node, frame)))
  return values
}

function* evaluateItem(node: Item, frame: Frame): Evaluation {
  const object = immediate(node.object, frame) ?? (yield* evaluate(node.object, frame))
  if (node.index.kind === 'Slice') return yield* evaluateSlice(object, node.index, frame)
  const index = immediate(node.index, frame) ?? (yield* evaluate(node.index, frame))
  frame.activation.node = node
  return getItem(object, index, frame.activation.run)
}

function* evaluateSlice(object: unknown, node: Slice, frame: Frame): Evaluation {
  const start = node.start && (yield* evaluate(node.start, frame))
  const stop = node.stop && (yield* evaluate(node.stop, frame))
  const step = node.step && (yield* evaluate(node.step, frame))
  frame.activation.node = node
  return sliceOf(object, { start, stop, step })
}

function* evaluateComparison(node: Comparison, frame: Frame): Evaluation<boolean> {
  let left = immediate(node.first, frame) ?? (yield* evaluate(node.first, frame))
  for (const { operator, operand } of node.rest) {
    const right = immediate(operand, frame) ?? (yield* evaluate(operand, frame))
    frame.activation.node = node
    if (!compare(operator, left, right)) return false
    left = right
  }
  return true
}

function* evaluateConcatenation(node: Concatenation, frame: Frame): Evaluation<string> {
  const values = yield* evaluateAll(node.items, frame)
  frame.activation.node = node
  return values.map(textOf).join('')
}

function* evaluateDict(node: DictExpression, frame: Frame): Evaluation<PyDict> {
  const dict = new PyDict()
  for (const entry of node.entries) {
    const key = immediate(entry.key, frame) ?? (yield* evaluate(entry.key, frame))
    const value = immediate(entry.value, frame) ?? (yield* evaluate(entry.value, frame))
    frame.activation.node = node
    dict.set(key, value)
  }
  return dict
}

interface EvaluatedArguments {
  readonly args: unknown[]
  readonly kwargs: KeywordArguments
}

const noKeywords: KeywordArguments = Object.freeze(Object.create(null) as Record<string, unknown>)

/** `caller` is the macro of a call block, which the call gets as one more keyword. */
export function* evaluateArguments(
  node: CallArguments,
  frame: Frame,
  caller?: unknown,
): Evaluation<EvaluatedArguments> {
  const args = yield* evaluateAll(node.positional, frame)
  if (node.spread) args.push(...iterate(yield* evaluate(node.spread, frame)))
  if (node.keywords.length === 0 && !node.keywordSpread && caller === undefined) return { args, kwargs: noKeywords }
  const kwargs = Object.create(null) as Record<string, unknown>
  for (const { name, value } of node.keywords) kwargs[name] = immediate(value, frame) ?? (yield* evaluate(value, frame))
  if (caller !== undefined) kwargs['caller'] = caller
  if (node.keywordSpread) addKeywords(kwargs, yield* evaluate(node.keywordSpread, frame))
  return { args, kwargs }
}

function addKeywords(kwargs: Record<string, unknown>, value: unknown): void {
  const mapping = asMapping(value)
  if (!mapping) throw typeError(`argument after ** must be a mapping, not ${typeName(value)}`)
  for (const [name, item] of mapping.entries()) {
    if (typeof name !== 'string') throw typeError('keywords must be strings')
    if (name in kwargs) throw typeError(`got multiple values for keyword argument '${name}'`)
    kwargs[name] = item
  }
}

/** Applies a filter, and before it the filters that it is chained to, to a value. */
function* applyFilter(node: Filter, operand: unknown, frame: Frame): Evaluation {
  const { args, kwargs } = yield* evaluateArguments(node.arguments, frame)
  frame.activation.node = node
  return yield* awaited(frame.activation.run.filters.callFilter(node.name, [operand, ...args], kwargs))
}

/** Applies the chain of filters of a block to the block's text. */
export function* applyFilterChain(node: Filter, text: string, frame: Frame): Evaluation {
  const operand = node.operand ? yield* applyFilterChain(node.operand as Filter, text, frame) : text
  return yield* applyFilter(node, operand, frame)
}

function* evaluateTest(node: Test, frame: Frame): Evaluation {
  const operand = immediate(node.operand, frame) ?? (yield* evaluate(node.operand, frame))
  const { args, kwargs } = yield* evaluateArguments(node.arguments, frame)
  frame.activation.node = node
  return frame.activation.run.filters.callTest(node.name, [operand, ...args], kwargs)
}
