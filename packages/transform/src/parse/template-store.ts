import { EclusaError } from '@eclusa/sdk'
import { templateFault } from '../context/macro-library.ts'
import type { Environment, Template } from '../jinja/environment.ts'
import type { ProjectNode } from '../manifest/node.ts'

/**
 * The templates of nodes, each parsed when it is first needed: a project read from a cache has not parsed any. Generic
 * tests, of which there are many with one text, share theirs.
 */
export class TemplateStore {
  readonly #environment: Environment
  readonly #templates = new Map<string, Template>()
  readonly #shared = new Map<string, Template>()

  constructor(environment: Environment) {
    this.#environment = environment
  }

  /** @throws PROJECT_INVALID with the place of a syntax error. */
  of(node: ProjectNode): Template {
    if (node.resource_type === 'source') throw new EclusaError('INTERNAL', { message: 'A source has no template.' })
    if (node.resource_type === 'test' && node.test_metadata !== undefined) return this.shared(node.raw_code)
    const known = this.#templates.get(node.unique_id)
    if (known !== undefined) return known
    const template = this.parse(node.raw_code, node.original_file_path)
    this.#templates.set(node.unique_id, template)
    return template
  }

  /** A template that depends on nothing but its text. */
  shared(text: string): Template {
    const known = this.#shared.get(text)
    if (known !== undefined) return known
    const template = this.parse(text, 'generic test')
    this.#shared.set(text, template)
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
}
