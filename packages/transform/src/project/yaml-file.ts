import { LineCounter, isNode, parseDocument } from 'yaml'
import type { Document } from 'yaml'
import type { z } from 'zod'
import { projectInvalid } from './project-fault.ts'
import type { ProjectFault } from './project-fault.ts'

/** A YAML file of the project, parsed, with the place of every value. */
export class YamlFile {
  readonly path: string
  readonly #document: Document.Parsed
  readonly #lines: LineCounter

  /** @throws PROJECT_INVALID with every syntax fault of the file. */
  constructor(path: string, text: string) {
    this.path = path
    this.#lines = new LineCounter()
    // dbt reads YAML 1.1, where yes, no, on and off are booleans.
    this.#document = parseDocument(text, { lineCounter: this.#lines, version: '1.1', prettyErrors: false })
    const faults = this.#document.errors.map((error) => ({ ...this.#at(error.pos[0]), message: error.message }))
    if (faults.length > 0) throw projectInvalid(faults)
  }

  get value(): unknown {
    return this.#document.toJS() ?? {}
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
        message: issue.path.length === 0 ? issue.message : `${issue.path.join('.')}: ${issue.message}`,
      })),
    )
  }

  #at(offset: number): Pick<ProjectFault, 'file' | 'line' | 'column'> {
    const { line, col } = this.#lines.linePos(offset)
    return { file: this.path, line, column: col }
  }
}
