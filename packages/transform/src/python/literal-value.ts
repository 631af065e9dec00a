import type { Expression } from '../jinja/ast.ts'
import { createEnvironment } from '../jinja/environment.ts'
import { TemplateError } from '../jinja/template-error.ts'
import { plainValue } from './plain-value.ts'

const environment = createEnvironment()

/** Jinja2 also has these names in small letters; Python has not. */
const jinjaOnlyPattern = /\b(?:true|false|none)\b(?=(?:[^'"]*['"][^'"]*['"])*[^'"]*$)/u

/** Python's `ast.literal_eval`: the value of a text that holds nothing but literals, or undefined. */
export function literalValue(text: string): { readonly value: unknown } | undefined {
  if (jinjaOnlyPattern.test(text) || text.includes('%}') || text.includes('}}')) return undefined
  try {
    const template = environment.parse(`{{ ${text.trim()} }}`)
    const [output] = template.tree.body
    if (template.tree.body.length !== 1 || output?.kind !== 'Output' || !isLiteral(output.value)) return undefined
    return { value: plainValue(template.renderValues({})[0]) }
  } catch (error) {
    if (error instanceof TemplateError) return undefined
    throw error
  }
}

function isLiteral(expression: Expression): boolean {
  switch (expression.kind) {
    case 'Constant':
      return true
    case 'Tuple':
    case 'List':
      return expression.items.every(isLiteral)
    case 'Dict':
      return expression.entries.every(({ key, value }) => isLiteral(key) && isLiteral(value))
    case 'Unary':
      return expression.operator !== 'not' && expression.operand.kind === 'Constant'
    default:
      return false
  }
}
