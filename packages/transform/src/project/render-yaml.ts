import { createEnvironment } from '../jinja/environment.ts'
import type { Environment } from '../jinja/environment.ts'
import { OperationError, TemplateError } from '../jinja/template-error.ts'
import { isRecord } from '../manifest/node-config.ts'
import { PyFloat } from '../jinja/python-number.ts'
import { plainValue } from '../python/plain-value.ts'
import { nativeTypeFilters, nativeValue } from '../python/type-filters.ts'
import { projectInvalid } from './project-fault.ts'
import type { YamlFile } from './yaml-file.ts'

/** Templates of YAML values know the filters that say which type a value has: `as_number`. */
const yamlEnvironment: Environment = createEnvironment({ filters: nativeTypeFilters })

/** The value of one text with Jinja in it. @throws TemplateError; OperationError where it is not of the type asked for */
export function renderYamlText(text: string, name: string, context: Readonly<Record<string, unknown>>): unknown {
  const value = nativeValue(yamlEnvironment.parse(text, name).renderValues(context))
  return value instanceof PyFloat ? value : plainValue(value)
}

/** For files all of whose values are rendered. */
export const keepsNothing = (): boolean => false

export interface RenderYamlOptions {
  readonly file: YamlFile
  readonly context: Readonly<Record<string, unknown>>
  /** Whether the value at a path is rendered later, or is text for people. */
  readonly keeps: (path: readonly PropertyKey[]) => boolean
  /** Where in the file the values stand. Default: they are the whole file. */
  readonly at?: readonly PropertyKey[]
}

/**
 * A YAML file's values with their Jinja replaced: `schema: "{{ var('raw') }}"`. A value that is one expression keeps
 * its type, so that `threads: "{{ var('n') }}"` stays a number.
 *
 * @throws PROJECT_INVALID with the place of the value.
 */
export function renderYaml(options: RenderYamlOptions, root: unknown = options.file.value): unknown {
  const { file, context, keeps, at = [] } = options
  const render = (value: unknown, path: readonly PropertyKey[]): unknown => {
    if (path.length > 0 && keeps(path)) return value
    if (Array.isArray(value)) return value.map((item, index) => render(item, [...path, index]))
    if (isRecord(value)) {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, render(item, [...path, key])]))
    }
    if (typeof value !== 'string') return value
    // Jinja drops one line break at the end, with or without braces before it.
    return /\{[{%#]/u.test(value) ? renderText(value, path) : value.replace(/\n$/u, '')
  }
  const renderText = (text: string, path: readonly PropertyKey[]): unknown => {
    try {
      return renderYamlText(text, file.path, context)
    } catch (error) {
      if (!(error instanceof TemplateError || error instanceof OperationError)) throw error
      const message = error instanceof TemplateError ? error.reason : error.message
      throw projectInvalid([{ ...file.place([...at, ...path]), message }])
    }
  }
  return render(root, [])
}
