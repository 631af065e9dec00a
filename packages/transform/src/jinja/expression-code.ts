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
    case 'Call': {
      const call = callCode(node)
      return (frame) => {
        const value = call(frame)
        return value instanceof Promise ? value.then(unwind) : unwind(value)
      }
    }
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
    case 'Tuple': {
      const items = allCode(node.items.map(expressionCode))
      return (frame) => andThen(items(frame), (values) => new PyTuple(values))
    }
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
  const object = expressionCode(node.object)
  const read = (value: unknown, { activation }: Frame) => {
    activation.node = node
    return getAttribute(value, name, activation.run)
  }
  return (frame) => {
    const value = object(frame)
    return value instanceof Promise ? value.then((settled) => read(settled, frame)) : read(value, frame)
  }
}

function itemCode(node: Item): Code {
  const object = expressionCode(node.object)
  if (node.index.kind === 'Slice') return sliceCode(node.index, object)
  const index = expressionCode(node.index)
  return (frame) =>
    andThen(object(frame), (value) =>
      andThen(index(frame), (key) => {
        frame.activation.node = node
        return getItem(value, key, frame.activation.run)
      }),
    )
}

function sliceCode(node: Slice, object: Code): Code {
  const bounds = allCode([node.start, node.stop, node.step].map((bound) => (bound ? expressionCode(bound) : absent)))
  return (frame) =>
    andThen(object(frame), (value) =>
      andThen(bounds(frame), ([start, stop, step]) => {
        frame.activation.node = node
        return sliceOf(value, { start, stop, step })
      }),
    )
}

const absent: Code = () => undefined

/** The expression of a statement: a call there may end the macro, and nothing has to be unwound. */
export function outermostCode(node: Expression): Code {
  return node.kind === 'Call' ? callCode(node) : expressionCode(node)
}

function callCode(node: Call): Code {
  const callee = expressionCode(node.callee)
  const given = argumentsCode(node.arguments, expressionCode)
  return (frame) =>
    andThen(callee(frame), (value) =>
      andThen(given(frame), ({ args, kwargs }) => {
        frame.activation.node = node
        return callValue(value, args, kwargs, frame)
      }),
    )
}

/** A filter, after the filters that it is chained to. Without an operand it is one of a block: see `filterChainCode`. */
function filterCode(node: Filter): Code {
  const operand = node.operand ? expressionCode(node.operand) : absent
  const apply = appliedFilter(node)
  return (frame) => andThen(operand(frame), (value) => apply(value, frame))
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
  const operand = expressionCode(node.operand)
  const given = argumentsCode(node.arguments, expressionCode)
  return (frame) =>
    andThen(operand(frame), (value) =>
      andThen(given(frame), ({ args, kwargs }) => {
        const { activation } = frame
        activation.node = node
        return activation.run.filters.callTest(node.name, [value, ...args], kwargs)
      }),
    )
}

function conditionalCode(node: Conditional): Code {
  const test = expressionCode(node.test)
  const consequent = expressionCode(node.consequent)
  const alternative = node.alternative ? expressionCode(node.alternative) : missingAlternative(node)
  return (frame) => andThen(test(frame), (value) => (isTrue(value) ? consequent(frame) : alternative(frame)))
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
  const left = expressionCode(node.left)
  const right = expressionCode(node.right)
  const decisive = node.operator === 'or'
  return (frame) =>
    andThen(left(frame), (value) => {
      frame.activation.node = node
      return isTrue(value) === decisive ? value : right(frame)
    })
}

function unaryCode(node: Unary): Code {
  const operand = expressionCode(node.operand)
  return (frame) =>
    andThen(operand(frame), (value) => {
      frame.activation.node = node
      return applyUnary(node.operator, value)
    })
}

function binaryCode(node: Binary): Code {
  const left = expressionCode(node.left)
  const right = expressionCode(node.right)
  return (frame) =>
    andThen(left(frame), (first) =>
      andThen(right(frame), (second) => {
        frame.activation.node = node
        return applyBinary(node.operator, first, second)
      }),
    )
}

/** `a < b < c`: each operand is evaluated once, and none behind a comparison that is false. */
function comparisonCode(node: Comparison): Code {
  const first = expressionCode(node.first)
  const rest = node.rest.map(({ operator, operand }) => ({ operator, operand: expressionCode(operand) }))
  const compareFrom = (index: number, left: unknown, frame: Frame): Eventual<boolean> => {
    const next = rest[index]
    if (next === undefined) return true
    return andThen(next.operand(frame), (right) => {
      frame.activation.node = node
      return compare(next.operator, left, right) && compareFrom(index + 1, right, frame)
    })
  }
  return (frame) => andThen(first(frame), (left) => compareFrom(0, left, frame))
}

function concatenationCode(node: Concatenation): Code {
  const items = allCode(node.items.map(expressionCode))
  return (frame) =>
    andThen(items(frame), (values) => {
      frame.activation.node = node
      return values.map(textOf).join('')
    })
}

function dictCode(node: DictExpression): Code {
  const keysAndValues = allCode(node.entries.flatMap(({ key, value }) => [expressionCode(key), expressionCode(value)]))
  return (frame) =>
    andThen(keysAndValues(frame), (found) => {
      frame.activation.node = node
      const dict = new PyDict()
      for (let index = 0; index < found.length; index += 2) dict.set(found[index], found[index + 1])
      return dict
    })
}
