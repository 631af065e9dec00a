import type { BinaryOperator, ComparisonOperator, UnaryOperator } from './ast.ts'
import { formatPercent } from './percent-format.ts'
import { asHostObject, operate } from './protocol.ts'
import { PySet, PyTuple } from './python-collections.ts'
import {
  type PyFloat,
  type PyInt,
  addInts,
  asInt,
  asNumber,
  floorDivideFloats,
  floorDivideInts,
  isNumeric,
  makeFloat,
  moduloFloats,
  moduloInts,
  multiplyInts,
  negateInt,
  powerInts,
  subtractInts,
} from './python-number.ts'
import { asItems, contains, isEqual, isOrdered, isTrue } from './python-object.ts'
import { typeName } from './python-text.ts'
import { OperationError, typeError } from './template-error.ts'
import { Undefined } from './undefined-value.ts'

/** Repeating a string or a list beyond this many units or items is refused. */
const repetitionMax = 50_000_000

export function applyBinary(operator: BinaryOperator, left: unknown, right: unknown): unknown {
  if (isNumeric(left) && isNumeric(right)) return applyArithmetic(operator, left, right)
  if (operator === '%' && typeof left === 'string') return formatPercent(left, right)
  if (left instanceof Undefined) return left.fail()
  if (right instanceof Undefined) return right.fail()
  const ofHost =
    asHostObject(left)?.[operate]?.(operator, right, false) ?? asHostObject(right)?.[operate]?.(operator, left, true)
  if (ofHost !== undefined) return ofHost
  if (operator === '+') return concatenate(left, right)
  if (operator === '*') return repeat(left, right)
  if (operator === '-' && left instanceof PySet && right instanceof PySet) {
    return new PySet([...left].filter((item) => !right.has(item)))
  }
  return failUnsupported(operator, left, right)
}

function failUnsupported(operator: BinaryOperator, left: unknown, right: unknown): never {
  const name = operator === '**' ? '** or pow()' : operator
  throw typeError(`unsupported operand type(s) for ${name}: '${typeName(left)}' and '${typeName(right)}'`)
}

function concatenate(left: unknown, right: unknown): unknown {
  if (typeof left === 'string' && typeof right === 'string') return left + right
  if (Array.isArray(left) && Array.isArray(right)) return [...left, ...right]
  if (left instanceof PyTuple && right instanceof PyTuple) return new PyTuple([...left.items, ...right.items])
  if (typeof left === 'string' || asItems(left)) {
    const type = typeName(left)
    throw typeError(`can only concatenate ${type} (not "${typeName(right)}") to ${type}`)
  }
  return failUnsupported('+', left, right)
}

function repeat(left: unknown, right: unknown): unknown {
  if (!isSequence(left) && isSequence(right)) return repeat(right, left)
  const count = asInt(right)
  if (!isSequence(left)) return failUnsupported('*', left, right)
  if (count === undefined) throw typeError(`can't multiply sequence by non-int of type '${typeName(right)}'`)
  const times = Math.max(0, Number(count))
  const size = typeof left === 'string' ? left.length : (asItems(left)?.length ?? 0)
  if (size * times > repetitionMax)
    throw new OperationError('limit', `a repetition gives more than ${repetitionMax} items`)
  if (typeof left === 'string') return left.repeat(times)
  const items = Array.from({ length: times }, () => asItems(left) ?? []).flat()
  return left instanceof PyTuple ? new PyTuple(items) : items
}

function isSequence(value: unknown): boolean {
  return typeof value === 'string' || asItems(value) !== undefined
}

type Numeric = number | bigint | boolean | PyFloat

function applyArithmetic(operator: BinaryOperator, left: Numeric, right: Numeric): unknown {
  const [leftInt, rightInt] = [asInt(left), asInt(right)]
  if (leftInt !== undefined && rightInt !== undefined) return applyToInts(operator, leftInt, rightInt)
  return makeFloat(applyToFloats(operator, asNumber(left), asNumber(right)))
}

function applyToInts(operator: BinaryOperator, left: PyInt, right: PyInt): unknown {
  switch (operator) {
    case '+':
      return addInts(left, right)
    case '-':
      return subtractInts(left, right)
    case '*':
      return multiplyInts(left, right)
    case '/':
      return divideInts(left, right)
    case '//':
      if (right === 0) throw zeroDivision('integer division or modulo by zero')
      return floorDivideInts(left, right)
    case '%':
      if (right === 0) throw zeroDivision('integer modulo by zero')
      return moduloInts(left, right)
    case '**':
      return right < 0 ? makeFloat(powerFloats(Number(left), Number(right))) : powerInts(left, right)
  }
}

function divideInts(left: PyInt, right: PyInt): unknown {
  if (right === 0) throw zeroDivision('division by zero')
  const quotient = Number(left) / Number(right)
  if (!Number.isFinite(quotient)) throw new OperationError('overflow', 'integer division result too large for a float')
  return makeFloat(quotient)
}

function applyToFloats(operator: BinaryOperator, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      if (right === 0) throw zeroDivision('float division by zero')
      return left / right
    case '//':
      if (right === 0) throw zeroDivision('float floor division by zero')
      return floorDivideFloats(left, right)
    case '%':
      if (right === 0) throw zeroDivision('float modulo')
      return moduloFloats(left, right)
    case '**':
      return powerFloats(left, right)
  }
}

function powerFloats(base: number, exponent: number): number {
  if (base === 0 && exponent < 0) throw zeroDivision('0.0 cannot be raised to a negative power')
  if (base === 1) return 1
  const power = base ** exponent
  if (Number.isNaN(power) && !Number.isNaN(base) && !Number.isNaN(exponent)) {
    throw new OperationError('value', 'a negative number to a fractional power is a complex number')
  }
  if (!Number.isFinite(power) && Number.isFinite(base) && Number.isFinite(exponent)) {
    throw new OperationError('overflow', "(34, 'Numerical result out of range')")
  }
  return power
}

function zeroDivision(message: string): OperationError {
  return new OperationError('zero-division', message)
}

export function applyUnary(operator: UnaryOperator, operand: unknown): unknown {
  if (operator === 'not') return !isTrue(operand)
  if (operand instanceof Undefined) return operand.fail()
  const int = asInt(operand)
  if (int !== undefined) return operator === '-' ? negateInt(int) : int
  const ofHost = asHostObject(operand)?.[operate]?.(`unary ${operator}`, null, false)
  if (ofHost !== undefined) return ofHost
  if (!isNumeric(operand)) throw typeError(`bad operand type for unary ${operator}: '${typeName(operand)}'`)
  return makeFloat(operator === '-' ? -asNumber(operand) : asNumber(operand))
}

export function compare(operator: ComparisonOperator, left: unknown, right: unknown): boolean {
  switch (operator) {
    case '==':
      return isEqual(left, right)
    case '!=':
      return !isEqual(left, right)
    case 'in':
      return contains(right, left)
    case 'not in':
      return !contains(right, left)
    default:
      return isOrdered(operator, left, right)
  }
}
