import { EclusaError } from '@eclusa/sdk'
import type { Template } from '../jinja/environment.ts'
import { textOf } from '../jinja/python-text.ts'
import type { KeywordArguments } from '../jinja/protocol.ts'
import { OperationError } from '../jinja/template-error.ts'
import type { PartialConfig } from '../manifest/node-config.ts'
import { templateFault } from '../context/macro-library.ts'
import { nodeContext } from '../context/node-context.ts'
import type { ProjectScope } from '../context/scope.ts'

/** `ref('model')`, `ref('package', 'model')`. */
export interface Reference {
  readonly package?: string
  readonly name: string
}

export interface SourceReference {
  readonly sourceName: string
  readonly tableName: string
}

/** What a template says about itself while it is parsed: rendered once with `execute` false, its output thrown away. */
export interface ParsedTemplate {
  readonly refs: readonly Reference[]
  readonly sources: readonly SourceReference[]
  readonly config: PartialConfig
}

export interface ParseTemplateOptions {
  readonly scope: ProjectScope
  readonly template: Template
  /** What dbt_project.yml and properties say; `config.get` reads it. */
  readonly config: PartialConfig
  readonly model: Readonly<Record<string, unknown>>
  readonly extra?: (
    ref: (args: readonly unknown[], kwargs: KeywordArguments) => unknown,
  ) => Readonly<Record<string, unknown>>
}

/** @throws PROJECT_INVALID with the place in the template. */
export function parseTemplate({ scope, template, config, model, extra }: ParseTemplateOptions): ParsedTemplate {
  const refs: Reference[] = []
  const sources: SourceReference[] = []
  let own: PartialConfig = {}
  const placeholder = {
    database: scope.target.database,
    schema: scope.target.schema,
    identifier: '',
    name: '',
    toString: () => '',
  }
  const ref = (args: readonly unknown[]): unknown => {
    refs.push(readReference(args))
    return placeholder
  }
  const context = nodeContext(scope, {
    execute: false,
    model,
    config,
    isIncremental: false,
    thisRelation: placeholder,
    ref,
    source: (args) => {
      sources.push(readSourceReference(args))
      return placeholder
    },
    setConfig: (settings) => {
      own = { ...own, ...settings }
    },
    ...(extra === undefined ? {} : { extra: extra(ref) }),
  })
  try {
    template.render(context, { undefined: 'chainable' })
  } catch (error) {
    throw EclusaError.isInstance(error) ? error : templateFault(error)
  }
  return { refs, sources, config: own }
}

export function readReference(args: readonly unknown[]): Reference {
  const [first, second] = args
  if (args.length === 1) return { name: textOf(first) }
  if (args.length === 2) return { package: textOf(first), name: textOf(second) }
  throw new OperationError('runtime', `ref() takes one or two arguments (${args.length} given)`)
}

export function readSourceReference(args: readonly unknown[]): SourceReference {
  if (args.length !== 2)
    throw new OperationError('runtime', `source() takes exactly two arguments (${args.length} given)`)
  return { sourceName: textOf(args[0]), tableName: textOf(args[1]) }
}
