import type { Environment } from '../jinja/environment.ts'
import { TemplateError } from '../jinja/template-error.ts'
import { projectInvalid } from '../project/project-fault.ts'
import { isRecord } from '../manifest/node-config.ts'
import type { YamlFile } from '../project/yaml-file.ts'
import { plainValue } from '../python/plain-value.ts'

/** Values under these keys keep their braces: they are rendered later, or are text for people. dbt's rule. */
const keptKeys = new Set(['description', 'data_tests', 'tests'])

/**
 * A YAML file's values with their Jinja replaced: `schema: "{{ var('raw') }}"`. A value that is one expression keeps
 * its type, so that `threads: "{{ var('n') }}"` stays a number.
 *
 * @throws PROJECT_INVALID with the place of the value.
 */
export function renderYaml(
  file: YamlFile,
  environment: Environment,
  context: Readonly<Record<string, unknown>>,
): unknown {
  const render = (value: unknown, path: readonly PropertyKey[]): unknown => {
    if (Array.isArray(value)) return value.map((item, index) => render(item, [...path, index]))
    if (isRecord(value)) {
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, keptKeys.has(key) ? item : render(item, [...path, key])]),
      )
    }
    return typeof value === 'string' && /\{[{%]/u.test(value) ? renderText(value, path) : value
  }
  const renderText = (text: string, path: readonly PropertyKey[]): unknown => {
    try {
      const values = environment.parse(text, file.path).renderValues(context)
      return values.length === 1 ? plainValue(values[0]) : values.join('')
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error
      throw projectInvalid([{ ...file.place(path), message: error.reason }])
    }
  }
  return render(file.value, [])
}
