import type { MacroCatches, Node, Parameter, Statement } from './ast.ts'

/** The nodes directly below a node, in the order of declaration and use. */
export function children(node: Node): Node[] {
  const found: Node[] = []
  // Every node of every template comes by here: nodes are plain objects, and need no list of their entries.
  for (const key in node) if (key !== 'position') collect(node[key as keyof Node], found)
  return found
}

function collect(value: unknown, found: Node[]): void {
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) for (const item of value) collect(item, found)
  else if (isNode(value)) found.push(value)
  else if (Object.getPrototypeOf(value) === Object.prototype)
    for (const item of Object.values(value)) collect(item, found)
}

function isNode(value: object): value is Node {
  return 'kind' in value && 'position' in value
}

/** All nodes and everything below them, parents first. */
export function walk(nodes: readonly Node[]): Node[] {
  const found: Node[] = []
  const visit = (node: Node) => {
    found.push(node)
    for (const child of children(node)) visit(child)
  }
  for (const node of nodes) visit(node)
  return found
}

/**
 * Which of the names are read before they are declared. Follows Jinja2's coarse rule: a declaration anywhere earlier in
 * the text counts, in whatever scope it stands.
 */
function undeclaredNames(nodes: readonly Node[], names: readonly string[]): Set<string> {
  const open = new Set(names)
  const undeclared = new Set<string>()
  for (const node of walk(nodes)) {
    if (node.kind === 'Name' && open.has(node.name)) undeclared.add(node.name)
    else if (node.kind === 'NameTarget' || node.kind === 'Parameter') open.delete(node.name)
  }
  return undeclared
}

export function macroCatches(parameters: readonly Parameter[], body: readonly Statement[]): MacroCatches {
  const names = undeclaredNames(body, ['varargs', 'kwargs', 'caller'])
  const declared = new Set(parameters.map((parameter) => parameter.name))
  const catches = (name: string) => names.has(name) && !declared.has(name)
  return { varargs: catches('varargs'), kwargs: catches('kwargs'), caller: names.has('caller') }
}
