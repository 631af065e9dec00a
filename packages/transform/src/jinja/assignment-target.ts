import type { Expression, Target } from './ast.ts'

/** The expression as something that can be assigned to, or undefined. */
export function targetOf(expression: Expression): Target | undefined {
  const { position } = expression
  if (expression.kind === 'Name') return { kind: 'NameTarget', position, name: expression.name }
  if (expression.kind !== 'Tuple') return undefined
  const items = expression.items.map(targetOf)
  return items.every((item) => item !== undefined) ? { kind: 'TupleTarget', position, items } : undefined
}

const operatorNames: Readonly<Record<string, string>> = {
  '+': 'add',
  '-': 'sub',
  '*': 'mul',
  '/': 'div',
  '//': 'floordiv',
  '%': 'mod',
  '**': 'pow',
}

const nodeNames: Partial<Record<Expression['kind'], string>> = {
  Constant: 'const',
  Conditional: 'condexpr',
  Concatenation: 'concat',
  Comparison: 'compare',
  Attribute: 'getattr',
  Item: 'getitem',
}

/** What Jinja2 calls the node in messages. */
export function nodeName(node: Expression): string {
  if (node.kind === 'Binary') return operatorNames[node.operator] ?? node.operator
  if (node.kind === 'Unary') return { not: 'not', '-': 'neg', '+': 'pos' }[node.operator]
  if (node.kind === 'Logical') return node.operator
  return nodeNames[node.kind] ?? node.kind.toLowerCase()
}
