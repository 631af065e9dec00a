import { visible } from './table.ts'

export interface RecordField {
  readonly name: string
  readonly type: string
}

/** Each row as a block of lines, one per column with name, type and value: wide rows are easier read downwards. */
export function formatRecords(fields: readonly RecordField[], rows: readonly (readonly string[])[]): string {
  const nameWidth = Math.max(...fields.map(({ name }) => name.length))
  const typeWidth = Math.max(...fields.map(({ type }) => type.length))
  const lineOf = ({ name, type }: RecordField, value: string) =>
    `  ${visible(name).padEnd(nameWidth)}  ${type.padEnd(typeWidth)}  ${visible(value)}`.trimEnd()
  return rows
    .map((row, index) => [`row ${index + 1}`, ...fields.map((field, column) => lineOf(field, row[column]!))].join('\n'))
    .join('\n')
}

/** True when every line fits into a terminal of this width; undefined is no terminal, where everything fits. */
export function fitsWidth(text: string, columnsMax: number | undefined): boolean {
  return columnsMax === undefined || text.split('\n').every((line) => line.length <= columnsMax)
}
