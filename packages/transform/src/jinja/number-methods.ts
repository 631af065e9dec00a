import { PyTuple } from './python-collections.ts'
import { type PyFloat, type PyInt } from './python-number.ts'
import { NativeFunction, functionTable } from './signature.ts'

export const intMethods = functionTable(
  new NativeFunction('bit_length', '', (value: PyInt) => {
    const magnitude = BigInt(value) < 0n ? -BigInt(value) : BigInt(value)
    return magnitude === 0n ? 0 : magnitude.toString(2).length
  }),
  new NativeFunction('conjugate', '', (value: PyInt) => value),
)

export const floatMethods = functionTable(
  new NativeFunction('is_integer', '', (value: number | PyFloat) => Number.isInteger(Number(value))),
  new NativeFunction('conjugate', '', (value: number | PyFloat) => value),
  new NativeFunction('as_integer_ratio', '', (value: number | PyFloat) => ratioOf(Number(value))),
)

function ratioOf(value: number): PyTuple {
  let numerator = value
  let denominator = 1
  while (!Number.isInteger(numerator)) {
    numerator *= 2
    denominator *= 2
  }
  return new PyTuple([numerator, denominator])
}
