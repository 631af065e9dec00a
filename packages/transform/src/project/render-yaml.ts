import type { Environment } from '../jinja/environment.ts'
import { TemplateError } from '../jinja/template-error.ts'
import { isRecord } from '../manifest/node-config.ts'
import { plainValue } from '../python/plain-value.ts'
import { projectInvalid } from './project-fault.ts'
import type { YamlFile } from './yaml-file.ts'

export interface RenderYamlOptions {
  readonly file: YamlFile
  readonly environment: Environment
  readonly context: Readonly<Record<string, unknown>>
  /** Whether the value at a path is rendered later, or is text for people. */
  keeps(path: readonly PropertyKey[]): boolean
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
  const { file, environment, context, keeps, at = [] } = options
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
      const values = environment.parse(text, file.path).renderValues(context)
      return values.length === 1 ? plainValue(values[0]) : values.join('')
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error
      throw projectInvalid([{ ...file.place([...at, ...path]), message: error.reason }])
    }
  }
  return render(root, [])
}
