import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createEnvironment } from '../jinja/environment.ts'
import { PyDecimal } from './decimal.ts'

const environment = createEnvironment({
  globals: { D: (text: unknown) => PyDecimal.parse(String(text)) },
})
const render = (expression: string) => environment.parse(`{{ ${expression} }}`).render({})

/** What Python 3.11 prints. */
const answers: readonly (readonly [expression: string, expected: string])[] = [
  [`D('1') / D('3')`, '0.3333333333333333333333333333'],
  [`D('10') / D('4')`, '2.5'],
  [`D('1.20') * D('3')`, '3.60'],
  [`D('100') / D('10')`, '10'],
  [`D('5') / D('1.0')`, '5'],
  [`D('7.5') // 2`, '3'],
  [`D('-7.5') // 2`, '-3'],
  [`D('-7.5') % 2`, '-1.5'],
  [`D('2') ** 3`, '8'],
  [`D('2.675') | round(2)`, '2.68'],
  [`D('-1.50') | abs`, '1.50'],
  [`D('1E+3')`, '1E+3'],
  [`D('0.0000001')`, '1E-7'],
  [`D('123456789012345678901234567890') + 1`, '1.234567890123456789012345679E+29'],
  [`D('1') == 1.0`, 'True'],
  [`D('0.1') == 0.1`, 'False'],
  [`D('0.5') == 0.5`, 'True'],
  [`D('1.5') > 1`, 'True'],
  [`2 > D('1.5')`, 'True'],
  [`1 - D('0.25')`, '0.75'],
  [`-D('1.10')`, '-1.10'],
  [`D('1.10') + D('2.2')`, '3.30'],
  [`[D('1.0'), D('2')]`, `[Decimal('1.0'), Decimal('2')]`],
  [`'%.2f' | format(D('1.005'))`, '1.00'],
  [`'{:.1f}'.format(D('0.25'))`, '0.2'],
  [`'{:>8}'.format(D('0.50'))`, '    0.50'],
  [`'{:,}'.format(D('12345.60'))`, '12,345.60'],
  [`D('4.7') | int`, '4'],
  [`D('4.70') | float`, '4.7'],
  [`D('1') is number`, 'True'],
  [`D('1') is integer`, 'False'],
  [`D('1') in [1, 2]`, 'True'],
  [`{1: 'one'}[D('1.0')]`, 'one'],
  [`[D('3'), 1, D('2.5')] | sort`, `[1, Decimal('2.5'), Decimal('3')]`],
  [`[D('3'), 1] | sum`, '4'],
  [`'yes' if D('0.00') else 'no'`, 'no'],
]

test.each(answers)('%s is %s', (expression, expected) => {
  expect(render(expression)).toBe(expected)
})

test('a decimal and a float cannot be added', () => {
  expect(() => render(`D('1') + 1.5`)).toThrow("unsupported operand type(s) for +: 'decimal.Decimal' and 'float'")
})

test('the text of a decimal is read back as the same decimal', () => {
  const decimals = fc.tuple(fc.bigInt(), fc.integer({ min: -40, max: 40 }))
  fc.assert(
    fc.property(decimals, ([coefficient, exponent]) => {
      const decimal = new PyDecimal(coefficient, exponent)
      const again = PyDecimal.parse(decimal.toString())
      expect([again?.coefficient, again?.exponent]).toEqual([coefficient, exponent])
    }),
  )
})
