import type {
  Attribute,
  Binary,
  Call,
  Comparison,
  Concatenation,
  Conditional,
  DictExpression,
  Expression,
  Filter,
  Item,
  Logical,
  Slice,
  Test,
  Unary,
} from './ast.ts'
import { allCode, argumentsCode } from './arguments-code.ts'
import { getAttribute, getItem } from './attributes.ts'
import { awaited, callValue } from './call.ts'
import { unwind } from './error-location.ts'
import { type Eventual, andThen } from './eventual.ts'
import type { Code, Frame } from './frame.ts'
import { applyBinary, applyUnary, compare } from './operators.ts'
import { PyDict, PyTuple } from './python-collections.ts'
import { isTrue } from './python-object.ts'
import { textOf } from './python-text.ts'
import { sliceOf } from './slice.ts'
import { withValue, withValues } from './steps.ts'
import { typeError } from './template-error.ts'

/**
 * Makes a function of an expression, so that the tree is looked at once, however often the expression is evaluated. Before
 * an operation that can fail the function notes its node as the place of the error.
 */
export function expressionCode(node: Expression): Code {
  switch (node.kind) {
    case 'Constant': {
      const { value } = node
      return () => value
    }
    case 'Name': {
      const { name } = node
      return (frame) => lookup(name, frame)
    }
    case 'Attribute':
      return attributeCode(node)
    case 'Item':
      return itemCode(node)
    case 'Call':
      return withValue(callCode(node), unwind)
    case 'Filter':
      return filterCode(node)
    case 'Test':
      return testCode(node)
    case 'Conditional':
      return conditionalCode(node)
    case 'Logical':
      return logicalCode(node)
    case 'Unary':
      return unaryCode(node)
    case 'Binary':
      return binaryCode(node)
    case 'Comparison':
      return comparisonCode(node)
    case 'Concatenation':
      return concatenationCode(node)
    case 'List':
      return allCode(node.items.map(expressionCode))
    case 'Tuple':
      return withValue(allCode(node.items.map(expressionCode)), (items) => new PyTuple(items))
    case 'Dict':
      return dictCode(node)
    case 'Slice':
      return (frame) => {
        frame.activation.node = node
        throw typeError('a slice cannot be part of a longer index')
      }
  }
}

function lookup(name: string, frame: Frame): unknown {
  const value = frame.scope.get(name)
  if (value !== undefined) return value
  const { run } = frame.activation
  const found = run.lookup(name)
  return found === undefined ? run.undefined({ name }) : found
}

function attributeCode(node: Attribute): Code {
  const { name } = node
  return withValue(expressionCode(node.object), (object, { activation }) => {
    activation.node = node
    return getAttribute(object, name, activation.run)
  })
}

function itemCode(node: Item): Code {
  const object = expressionCode(node.object)
  if (node.index.kind === 'Slice') return sliceCode(node.index, object)
  return withValues(object, expressionCode(node.index), (value, key, { activation }) => {
    activation.node = node
    return getItem(value, key, activation.run)
  })
}

function sliceCode(node: Slice, object: Code): Code {
  const bounds = [node.start, node.stop, node.step].map((bound) => (bound ? expressionCode(bound) : absent))
  return withValues(object, allCode(bounds), (value, [start, stop, step], { activation }) => {
    activation.node = node
    return sliceOf(value, { start, stop, step })
  })
}

const absent: Code = () => undefined

/** The expression of a statement: a call there may end the macro, and nothing has to be unwound. */
export function outermostCode(node: Expression): Code {
  return node.kind === 'Call' ? callCode(node) : expressionCode(node)
}

function callCode(node: Call): Code {
  const given = argumentsCode(node.arguments, expressionCode)
  return withValues(expressionCode(node.callee), given, (callee, { args, kwargs }, frame) => {
    frame.activation.node = node
    return callValue(callee, args, kwargs, frame)
  })
}

/** A filter, after the filters that it is chained to. Without an operand it is one of a block: see `filterChainCode`. */
function filterCode(node: Filter): Code {
  return withValue(node.operand ? expressionCode(node.operand) : absent, appliedFilter(node))
}

/** The chain of filters of a block, which is applied to the block's text. */
export function filterChainCode(node: Filter): (text: string, frame: Frame) => Eventual<unknown> {
  const apply = appliedFilter(node)
  if (!node.operand) return apply
  const before = filterChainCode(node.operand as Filter)
  return (text, frame) => andThen(before(text, frame), (value) => apply(value, frame))
}

function appliedFilter(node: Filter): (operand: unknown, frame: Frame) => Eventual<unknown> {
  const given = argumentsCode(node.arguments, expressionCode)
  return (operand, frame) =>
    andThen(given(frame), ({ args, kwargs }) => {
      const { activation } = frame
      activation.node = node
      const result = awaited(activation.run.filters.callFilter(node.name, [operand, ...args], kwargs), activation)
      return andThen(result, unwind)
    })
}

function testCode(node: Test): Code {
  const given = argumentsCode(node.arguments, expressionCode)
  return withValues(expressionCode(node.operand), given, (operand, { args, kwargs }, { activation }) => {
    activation.node = node
    return activation.run.filters.callTest(node.name, [operand, ...args], kwargs)
  })
}

function conditionalCode(node: Conditional): Code {
  const consequent = expressionCode(node.consequent)
  const alternative = node.alternative ? expressionCode(node.alternative) : missingAlternative(node)
  return withValue(expressionCode(node.test), (value, frame) => (isTrue(value) ? consequent : alternative)(frame))
}

function missingAlternative({ position }: Conditional): Code {
  return ({ activation }) =>
    activation.run.undefined({
      hint:
        `the inline if-expression on line ${position.line} in '${activation.templateName}' evaluated to false` +
        ' and no else section was defined.',
    })
}

function logicalCode(node: Logical): Code {
  const right = expressionCode(node.right)
  const decisive = node.operator === 'or'
  return withValue(expressionCode(node.left), (left, frame) => {
    frame.activation.node = node
    return isTrue(left) === decisive ? left : right(frame)
  })
}

function unaryCode(node: Unary): Code {
  return withValue(expressionCode(node.operand), (operand, { activation }) => {
    activation.node = node
    return applyUnary(node.operator, operand)
  })
}

function binaryCode(node: Binary): Code {
  return withValues(expressionCode(node.left), expressionCode(node.right), (left, right, { activation }) => {
    activation.node = node
    return applyBinary(node.operator, left, right)
  })
}

/** `a < b < c`: each operand is evaluated once, and none behind a comparison that is false. */
function comparisonCode(node: Comparison): Code {
  const { first, rest } = node
  const compareFrom = (index: number): ((left: unknown, frame: Frame) => Eventual<boolean>) => {
    const { operator, operand } = rest[index]!
    const right = expressionCode(operand)
    const next = index + 1 < rest.length ? compareFrom(index + 1) : () => true
    return (left, frame) =>
      andThen(right(frame), (value) => {
        frame.activation.node = node
        return compare(operator, left, value) && next(value, frame)
      })
  }
  return withValue(expressionCode(first), compareFrom(0))
}

function concatenationCode(node: Concatenation): Code {
  return withValue(allCode(node.items.map(expressionCode)), (values, { activation }) => {
    activation.node = node
    return values.map(textOf).join('')
  })
}

function dictCode(node: DictExpression): Code {
  const keysAndValues = node.entries.flatMap(({ key, value }) => [expressionCode(key), expressionCode(value)])
  return withValue(allCode(keysAndValues), (found, { activation }) => {
    activation.node = node
    const dict = new PyDict()
    for (let index = 0; index < found.length; index += 2) dict.set(found[index], found[index + 1])
    return dict
  })
}
