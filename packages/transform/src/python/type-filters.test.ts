import { expect, test } from 'vitest'
import { createEnvironment } from '../jinja/environment.ts'
import { nativeTypeFilters, nativeValue, textTypeFilters } from './type-filters.ts'

const native = createEnvironment({ filters: nativeTypeFilters })
const text = createEnvironment({ filters: textTypeFilters })

const nativeOf = (template: string) => nativeValue(native.parse(template).renderValues({ flag: 'True', nine: '9' }))

/** Answers of dbt 1.10 for a value of a YAML file. */
test.each([
  ['{{ flag | as_bool }}', true],
  ['{{ nine | as_number }}', 9],
  ['{{ "-1.5" | as_number }}', -1.5],
  ['{{ "[1, \'a\']" | as_native }}', [1, 'a']],
  ['{{ "{\'a\': None}" | as_native }}', { a: null }],
  ['{{ "null" | as_native }}', 'null'],
  ['{{ "true" | as_native }}', 'true'],
  ['{{ 1 | as_text }}', '1'],
  ['{{ nine }}', '9'],
  ['{{ [1] }}', [1]],
  ['x{{ flag | as_bool }}', 'xTrue'],
  ['', ''],
])('%s is %j', (template, expected) => {
  expect(nativeOf(template)).toEqual(expected)
})

test('a text that is not of the type is refused', () => {
  expect(() => nativeOf('{{ "yes" | as_bool }}')).toThrow("Could not convert value 'yes' into type 'bool'")
  expect(() => nativeOf('{{ flag | as_number }}')).toThrow("Could not convert value 'True' into type 'number'")
})

test('in SQL the filters leave their operand alone', () => {
  expect(text.parse('{{ [1] | as_native }}{{ nine | as_number + "1" }}').render({ nine: '9' })).toBe('[1]91')
})
