import { aggregateFunctions, windowFunctions } from './aggregate-functions.ts'
import { conditionalFunctions } from './conditional-functions.ts'
import { contextFunctions } from './context-functions.ts'
import { conversionFunctions } from './conversion-functions.ts'
import { dateFunctions, truncateDateOr } from './date-functions.ts'
import type { FunctionRule } from './function-rule.ts'
import { numericFunctions } from './numeric-functions.ts'
import { semiStructuredFunctions } from './semi-structured-functions.ts'
import { systemFunctions } from './system-functions.ts'
import { textFunctions } from './text-functions.ts'

const { TRUNCATE_NUMBER: truncateNumber, ...otherNumericFunctions } = numericFunctions
if (truncateNumber === undefined) throw new Error('TRUNC is built of the rule for numbers')
const truncate = truncateDateOr(truncateNumber)

const rules: ReadonlyMap<string, FunctionRule> = new Map(
  Object.entries({
    ...otherNumericFunctions,
    ...systemFunctions,
    ...textFunctions,
    ...conditionalFunctions,
    ...conversionFunctions,
    ...dateFunctions,
    ...semiStructuredFunctions,
    ...aggregateFunctions,
    ...windowFunctions,
    ...contextFunctions,
    TRUNC: truncate,
    TRUNCATE: truncate,
  }),
)

/** By folded name; nothing for a function that is not known here, which is an error and never DuckDB's to try. */
export function findFunction(name: string): FunctionRule | undefined {
  return rules.get(name)
}
