import { EclusaError } from '@eclusa/sdk'
import { templateFault } from '../context/macro-library.ts'
import type { Environment, Template } from '../jinja/environment.ts'
import type { ProjectNode } from '../manifest/node.ts'

/** The templates of nodes, each parsed when it is first needed: a project read from a cache has not parsed any. */
export class TemplateStore {
  readonly #environment: Environment
  readonly #templates = new Map<string, Template>()

  constructor(environment: Environment) {
    this.#environment = environment
  }

  /** @throws PROJECT_INVALID with the place of a syntax error. */
  of(node: ProjectNode): Template {
    if (node.resource_type === 'source') throw new EclusaError('INTERNAL', { message: 'A source has no template.' })
    const known = this.#templates.get(node.unique_id)
    if (known !== undefined) return known
    const template = this.parse(node.raw_code, node.original_file_path)
    this.keep(node.unique_id, template)
    return template
  }

  /** @throws PROJECT_INVALID */
  parse(text: string, file: string): Template {
    try {
      return this.#environment.parse(text, file)
    } catch (error) {
      throw templateFault(error)
    }
  }

  keep(id: string, template: Template): void {
    this.#templates.set(id, template)
  }
}
