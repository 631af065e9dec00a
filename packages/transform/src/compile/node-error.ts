import type { TemplateError } from '../jinja/template-error.ts'

interface NamedNode {
  readonly resource_type: string
  readonly name: string
  readonly original_file_path: string
}

/** dbt's form of an error of a node: a first line with kind, node and file, then the reason. */
export function nodeError(kind: 'Compilation' | 'Database' | 'Runtime', node: NamedNode, reason: string): string {
  const head = `${kind} Error in ${node.resource_type} ${node.name} (${node.original_file_path})`
  return [head, ...reason.split('\n').map((line) => (line === '' ? '' : `  ${line}`))].join('\n')
}

/** Reason, place and macros of a template's failure; of a name that nobody has defined also what may be the matter. */
export function templateReason(error: TemplateError): string {
  if (error.kind !== 'undefined') return error.message
  const advice =
    'A macro or a variable of this name does not exist: check its spelling, or install its package with `deps`.'
  return error.message.replace(error.reason, () => `${error.reason}. ${advice}`)
}
