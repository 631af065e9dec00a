import { LineCounter, isNode, parseDocument } from 'yaml'
import type { Document, ScalarTag, Tags, YAMLError } from 'yaml'
import type { z } from 'zod'
import { textOf } from '../jinja/python-text.ts'
import { PyFloat } from '../jinja/python-number.ts'
import { yamlDates } from '../python/yaml-dates.ts'
import { projectInvalid } from './project-fault.ts'
import type { ProjectFault } from './project-fault.ts'
import { issueText } from './schema-issue.ts'

/** A YAML file of the project, parsed, with the place of every value. */
export class YamlFile {
  readonly path: string
  /** Keys that stand twice in one mapping: as in dbt the last one holds. */
  readonly duplicates: readonly ProjectFault[]
  readonly #document: Document.Parsed
  readonly #lines: LineCounter
  #value: unknown

  /** @throws PROJECT_INVALID with every syntax fault of the file. */
  constructor(path: string, text: string) {
    this.path = path
    this.#lines = new LineCounter()
    this.#document = parseDocument(text, {
      lineCounter: this.#lines,
      version: '1.1',
      customTags: pythonTags,
      prettyErrors: false,
    })
    const faults = this.#document.errors.map((error) => ({ error, fault: this.#faultOf(error, text) }))
    const isDuplicate = ({ error }: (typeof faults)[number]) => error.code === 'DUPLICATE_KEY'
    this.duplicates = faults.filter(isDuplicate).map(({ fault }) => fault)
    const others = faults.filter((one) => !isDuplicate(one)).map(({ fault }) => fault)
    if (others.length > 0) throw projectInvalid(others)
  }

  get value(): unknown {
    this.#value ??= this.#document.toJS() ?? {}
    return this.#value
  }

  /** The place of the value at `path`, or of the nearest thing around it that exists. */
  place(path: readonly PropertyKey[]): Pick<ProjectFault, 'file' | 'line' | 'column'> {
    for (let length = path.length; length >= 0; length -= 1) {
      const node: unknown = this.#document.getIn(path.slice(0, length), true)
      if (isNode(node) && node.range) return this.#at(node.range[0])
    }
    return { file: this.path }
  }

  /** `value`: the file's own, or what became of it. @throws PROJECT_INVALID with every value that the schema refuses. */
  parse<Schema extends z.ZodType>(schema: Schema, value: unknown = this.value): z.output<Schema> {
    const result = schema.safeParse(value)
    if (result.success) return result.data
    throw projectInvalid(
      result.error.issues.map((issue) => ({
        ...this.place(issue.path),
        message: issueText(issue),
      })),
    )
  }

  #faultOf(error: YAMLError, text: string): ProjectFault {
    const place = this.#at(error.pos[0])
    if (error.code !== 'DUPLICATE_KEY') return { ...place, message: error.message }
    const key = /^[^:\n]*/u.exec(text.slice(error.pos[0]))?.[0].trim() ?? ''
    return { ...place, message: `the key "${key}" is given twice, and the last one holds; remove one of them` }
  }

  #at(offset: number): Pick<ProjectFault, 'file' | 'line' | 'column'> {
    const { line, col } = this.#lines.linePos(offset)
    return { file: this.path, line, column: col }
  }
}

/*
 * dbt reads YAML with PyYAML, whose YAML 1.1 is narrower than the specification: `y` and `n` are texts, and so is a
 * number with an exponent but no point. Dates stay the text that Python prints for them.
 */
const pyTrue = /^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/u
const pyFalse = /^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/u

const booleanTags: ScalarTag[] = [
  { tag: 'tag:yaml.org,2002:bool', default: true, test: pyTrue, resolve: () => true },
  { tag: 'tag:yaml.org,2002:bool', default: true, test: pyFalse, resolve: () => false },
]

const floatTag: ScalarTag = {
  tag: 'tag:yaml.org,2002:float',
  default: true,
  test: /^[-+]?(?:\d[\d_]*\.[\d_]*(?:[eE][-+]\d+)?|\.[\d_]+(?:[eE][-+]\d+)?)$/u,
  resolve: (text) => {
    const value = Number(text.replaceAll('_', ''))
    return Number.isInteger(value) ? new PyFloat(value) : value
  },
}

/** A time with an offset of hours alone, which warehouses do not read (`2026-01-31 00:00:00-0`), as Python prints it. */
const offsetTag: ScalarTag = {
  tag: 'tag:yaml.org,2002:timestamp',
  default: true,
  test: /^\d{4}-\d\d-\d\d[Tt \t]+\d\d:\d\d:\d\d(?:\.\d*)?[ \t]*[-+]\d\d?$/u,
  resolve: (text) => textOf(yamlDates.resolve(text, () => {}, { version: '1.1' } as never)),
}

function pythonTags(tags: Tags): Tags {
  const replaced = new Set(['bool', 'float', 'timestamp'].map((name) => `tag:yaml.org,2002:${name}`))
  const kept = tags.filter(
    (tag) => typeof tag === 'string' || !replaced.has(tag.tag) || (tag.tag.endsWith('float') && isNonFinite(tag)),
  )
  return [...kept, ...booleanTags, floatTag, offsetTag]
}

function isNonFinite(tag: Exclude<Tags[number], string>): boolean {
  return 'test' in tag && tag.test instanceof RegExp && tag.test.test('.inf')
}
