import type { Node, TemplateTree } from './ast.ts'
import { children } from './ast-walk.ts'
import { TemplateError } from './template-error.ts'

interface KnownNames {
  has(kind: 'filter' | 'test', name: string): boolean
}

/**
 * Refuses filters and tests that do not exist. As in Jinja2, one inside an `if` is an error only if it is reached, so that
 * a template can ask for a filter first.
 * @throws TemplateError of kind `assertion`
 */
export function checkNames(tree: TemplateTree, known: KnownNames): void {
  for (const node of tree.body) check(node, tree.name, known, false)
}

function check(node: Node, templateName: string, known: KnownNames, isConditional: boolean): void {
  if ((node.kind === 'Filter' || node.kind === 'Test') && !isConditional) {
    const kind = node.kind === 'Filter' ? 'filter' : 'test'
    if (!known.has(kind, node.name)) {
      const { line, column } = node.position
      throw new TemplateError({
        kind: 'assertion',
        reason: `No ${kind} named '${node.name}'.`,
        templateName,
        line,
        column,
      })
    }
  }
  const isBranch = node.kind === 'If' || node.kind === 'Conditional'
  const below = children(node)
  const outside = isConditional ? outsideOf(node, below) : []
  for (const child of below) check(child, templateName, known, isBranch || outside.includes(child))
}

/** The parts of a block that belong to the place where it stands; its body is checked anew. */
function outsideOf(node: Node, below: readonly Node[]): readonly Node[] {
  switch (node.kind) {
    case 'For':
      return [node.iterable]
    case 'CallBlock':
      return [node.call]
    case 'With':
      return node.values
    case 'Macro':
    case 'AssignBlock':
    case 'FilterBlock':
      return []
    default:
      return below
  }
}
