import type { Environment, Template } from '../jinja/environment.ts'
import { createEnvironment } from '../jinja/environment.ts'
import type { TagParser } from '../jinja/statement-parser.ts'
import { TemplateError } from '../jinja/template-error.ts'
import { projectInvalid } from '../project/project-fault.ts'
import type { ProjectSource } from '../project/project-files.ts'
import { builtinMacros, builtinMacrosName } from './builtin-macros.ts'

/** A generic test is a macro called `test_<name>`; dbt also accepts `data_test` as its tag. */
const testTag =
  (tag: string): TagParser =>
  (parser, position) => {
    const name = parser.stream.expect('name').value
    return parser.parseMacro({ tag, name: `test_${name}`, parameters: parser.parseParameters() }, position)
  }

export function createProjectEnvironment(): Environment {
  return createEnvironment({ tags: { test: testTag('test'), data_test: testTag('data_test') } })
}

/** Where a macro is defined. A project's own macros go before the built-in ones of the same name. */
interface MacroPlace {
  readonly template: Template
  readonly isBuiltin: boolean
}

/**
 * All macros that a project's templates can call. The library itself is immutable; `namespaceFor` binds it to the
 * context of one node, since in dbt a macro sees the `this`, `ref` and `config` of the node that calls it.
 */
export class MacroLibrary {
  readonly #places = new Map<string, MacroPlace>()

  constructor(environment: Environment, files: readonly ProjectSource[]) {
    this.#add(environment.parse(builtinMacros, builtinMacrosName), true)
    for (const file of files) this.#add(parseMacroFile(environment, file), false)
  }

  has(name: string): boolean {
    return this.#places.has(name)
  }

  /** The implementation of a macro for a warehouse: `duckdb__name`, else `default__name`; dbt's `adapter.dispatch`. */
  dispatchName(name: string, adapterType: string): string | undefined {
    return [`${adapterType}__${name}`, `default__${name}`].find((candidate) => this.#places.has(candidate))
  }

  /** An object that has every macro as a property; a file of macros is executed when one of its macros is first used. */
  namespaceFor(contextOf: () => Readonly<Record<string, unknown>>): Record<string, unknown> {
    const modules = new Map<Template, ReadonlyMap<string, unknown>>()
    const namespace: Record<string, unknown> = Object.create(null) as Record<string, unknown>
    for (const [name, { template }] of this.#places) {
      Object.defineProperty(namespace, name, {
        enumerable: true,
        get: () => {
          const module = modules.get(template) ?? template.module(contextOf()).macros
          modules.set(template, module)
          return module.get(name)
        },
      })
    }
    return namespace
  }

  #add(template: Template, isBuiltin: boolean): void {
    for (const { name } of template.macros) {
      const other = this.#places.get(name)
      if (other !== undefined && !other.isBuiltin && !isBuiltin) {
        throw projectInvalid([
          {
            file: template.name,
            message: `macro "${name}" is also defined in ${other.template.name}; rename one of them`,
          },
        ])
      }
      this.#places.set(name, { template, isBuiltin })
    }
  }
}

function parseMacroFile(environment: Environment, { path, text }: ProjectSource): Template {
  try {
    return environment.parse(text, path)
  } catch (error) {
    throw templateFault(error)
  }
}

/** A template's syntax error as a fault of the project; anything else as it is. */
export function templateFault(error: unknown): unknown {
  if (!(error instanceof TemplateError)) return error
  return projectInvalid([{ file: error.templateName, line: error.line, column: error.column, message: error.reason }])
}
