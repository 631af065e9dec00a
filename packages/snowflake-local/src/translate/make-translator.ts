import { translateExpression } from './translate-expression.ts'
import { translateQuery } from './translate-query.ts'
import type { CommonTableReference, TranslationEnvironment, Translator } from './translator.ts'

export function makeTranslator(environment: TranslationEnvironment): Translator {
  let count = 0
  const fresh = (prefix: string): string => {
    count += 1
    return `${prefix}${count}`
  }
  return withTables(environment, fresh, new Map())
}

function withTables(
  environment: TranslationEnvironment,
  fresh: (prefix: string) => string,
  commonTables: ReadonlyMap<string, CommonTableReference>,
): Translator {
  const translator: Translator = {
    environment,
    commonTables,
    fresh,
    expression: (expression, scope) => translateExpression(translator, expression, scope),
    query: (query, outer) => translateQuery(translator, query, outer),
    forView: (view) => withTables(view, fresh, new Map()),
    withCommonTable: (name, table) => withTables(environment, fresh, new Map([...commonTables, [name, table]])),
  }
  return translator
}
