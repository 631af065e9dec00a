import { EclusaError } from '@eclusa/sdk'
import { templateFault } from '../context/macro-library.ts'
import { nodeContext } from '../context/node-context.ts'
import { RelationValue } from '../context/relation-value.ts'
import { quotingOf } from '../context/scope.ts'
import type { NodeScope, ProjectScope } from '../context/scope.ts'
import type { Template } from '../jinja/environment.ts'
import type { KeywordArguments } from '../jinja/protocol.ts'
import { textOf } from '../jinja/python-text.ts'
import { OperationError } from '../jinja/template-error.ts'
import { mergeCall } from '../manifest/node-config.ts'
import type { PartialConfig } from '../manifest/node-config.ts'
import type { ReferenceArguments } from '../manifest/node.ts'
import { MacroWatch } from './macro-watch.ts'
import { ParseVar } from './parse-var.ts'

/** `ref('model')`, `ref('package', 'model')`, `ref('model', v=2)`. */
export interface Reference {
  readonly package?: string
  readonly name: string
  readonly version?: string | number
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
  /** Unique ids of the macros that the template itself calls. */
  readonly macros: readonly string[]
  /** The names that the template itself looks up: what they mean decides what it says. */
  readonly names: readonly string[]
}

export interface ParseTemplateOptions {
  readonly scope: ProjectScope
  readonly packageName?: string
  /** Rendered one after the other with what they say taken together: a node and its hooks. */
  readonly templates: readonly Template[]
  /** What dbt_project.yml and properties say; `config.get` reads it. */
  readonly config: PartialConfig
  readonly model: Readonly<Record<string, unknown>>
  /** The names that a generic test's template sees beside all others; given the context, since arguments need it. */
  readonly extra?: (context: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>
}

/** @throws PROJECT_INVALID with the place in the template. */
export function parseTemplate(options: ParseTemplateOptions): ParsedTemplate {
  const { scope, templates, extra } = options
  const packageName = options.packageName ?? scope.projectName
  const { context, scope: node } = contextFor(scope, packageName)
  node.begin(options)
  const watch = new MacroWatch(scope.macros, packageName)
  const watched = watch.around(context)
  Object.assign(context, { model: node.model, this: node.thisRelation })
  try {
    if (extra !== undefined) Object.assign(context, extra(watched))
    for (const template of templates) {
      watch.addDispatched(template)
      template.render(watched, { undefined: 'chainable' })
    }
  } catch (error) {
    throw EclusaError.isInstance(error) ? error : templateFault(error)
  }
  return { refs: node.refs, sources: node.sources, config: node.call, macros: watch.called, names: watch.names }
}

/** What one template after the other says of itself. */
class ParseScope implements NodeScope {
  readonly execute = false
  readonly isIncremental = false
  readonly packageName: string
  model: Readonly<Record<string, unknown>> = {}
  config: PartialConfig = {}
  thisRelation: RelationValue
  refs: Reference[] = []
  sources: SourceReference[] = []
  call: PartialConfig = {}
  readonly #scope: ProjectScope

  constructor(scope: ProjectScope, packageName: string) {
    this.#scope = scope
    this.packageName = packageName
    this.thisRelation = placeholderRelation(scope, {})
  }

  begin({ model, config }: ParseTemplateOptions): void {
    this.model = model
    this.config = config
    this.thisRelation = placeholderRelation(this.#scope, model)
    this.refs = []
    this.sources = []
    this.call = {}
  }

  ref(args: readonly unknown[], kwargs: KeywordArguments): RelationValue {
    this.refs.push(readReference(args, kwargs))
    return this.thisRelation
  }

  source(args: readonly unknown[]): RelationValue {
    this.sources.push(readSourceReference(args))
    return this.thisRelation
  }

  setConfig(settings: PartialConfig): void {
    this.call = mergeCall(this.call, settings)
  }
}

interface ParseContext {
  readonly scope: ParseScope
  readonly context: Record<string, unknown>
}

/**
 * A context has some hundred names and templates are parsed one at a time, so that those of a package share one: for
 * each the context only gets another `model`, `this` and `config`.
 */
const contexts = new WeakMap<ProjectScope, Map<string, ParseContext>>()

function contextFor(scope: ProjectScope, packageName: string): ParseContext {
  const ofScope = contexts.get(scope) ?? new Map<string, ParseContext>()
  contexts.set(scope, ofScope)
  const known = ofScope.get(packageName)
  if (known !== undefined) return known
  const parsing = new ParseScope(scope, packageName)
  const context = nodeContext(scope, parsing)
  context['var'] = new ParseVar(context['var'])
  const made = { scope: parsing, context }
  ofScope.set(packageName, made)
  return made
}

/** While parsing, every relation is the node's own, as in dbt: what matters is that it was asked for. */
function placeholderRelation(scope: ProjectScope, model: Readonly<Record<string, unknown>>): RelationValue {
  const identifier = typeof model['alias'] === 'string' ? model['alias'] : ''
  const { database, schema } = scope.target
  return new RelationValue({ path: { database, schema, identifier }, quotePolicy: quotingOf(scope) }, scope.dialect)
}

export function readReference(args: readonly unknown[], kwargs: KeywordArguments = {}): Reference {
  const [first, second] = args
  const given = kwargs['version'] ?? kwargs['v']
  const version = given === undefined || given === null ? {} : { version: versionOf(given) }
  if (args.length === 1) return { name: textOf(first), ...version }
  if (args.length === 2) return { package: textOf(first), name: textOf(second), ...version }
  throw new OperationError('runtime', `ref() takes one or two arguments (${args.length} given)`)
}

function versionOf(value: unknown): string | number {
  return typeof value === 'number' ? value : textOf(value)
}

export function readSourceReference(args: readonly unknown[]): SourceReference {
  if (args.length !== 2)
    throw new OperationError('runtime', `source() takes exactly two arguments (${args.length} given)`)
  return { sourceName: textOf(args[0]), tableName: textOf(args[1]) }
}

/** As dbt's manifest writes it. */
export function referenceArguments({ name, package: packageName, version }: Reference): ReferenceArguments {
  return { name, package: packageName ?? null, version: version ?? null }
}
