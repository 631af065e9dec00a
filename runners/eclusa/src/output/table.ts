import Table from 'cli-table3'

export interface TableColumn {
  readonly name: string
  readonly align?: 'left' | 'right'
}

const nothing = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
}
const rules = { left: '', 'left-mid': '', mid: '─', 'mid-mid': '──', right: '', 'right-mid': '', middle: '  ' }

/** Lays text out in columns below a ruled heading. Control characters are shown escaped: data must not steer a terminal. */
export function formatTable(columns: readonly TableColumn[], rows: readonly (readonly string[])[]): string {
  const table = new Table({
    head: columns.map(({ name }) => visible(name)),
    colAligns: columns.map(({ align }) => align ?? 'left'),
    chars: { ...nothing, ...rules },
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 0 },
  })
  table.push(...rows.map((row) => row.map(visible)))
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

const shortEscapes: Readonly<Record<string, string>> = {
  '\n': String.raw`\n`,
  '\r': String.raw`\r`,
  '\t': String.raw`\t`,
}

export function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu, (character) => {
    const code = character.codePointAt(0)!.toString(16)
    return shortEscapes[character] ?? `\\u${code.padStart(4, '0')}`
  })
}
