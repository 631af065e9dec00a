export type Color = 'red' | 'green' | 'yellow'

export type Paint = (color: Color, text: string) => string

export interface LineOptions {
  readonly paint: Paint
  /** Where the status begins. dbt's `--printer-width`. */
  readonly width: number
}

export interface FancyLine {
  readonly text: string
  readonly status: string
  readonly color?: Color
  /** From 1. */
  readonly index?: number
  readonly total?: number
  readonly seconds?: number
  /** Shorten what is too long, as the text of a hook. */
  readonly truncates?: boolean
}

/** `3 of 5 OK created sql view model analytics.orders ....... [CREATE VIEW in 0.05s]` */
export function fancyLine(line: FancyLine, { paint, width }: LineOptions): string {
  const { text, status, color, index, total, seconds } = line
  const progress = index === undefined || total === undefined ? '' : `${index} of ${total} `
  const justified = `${progress}${text} `.padEnd(width, '.')
  const shown =
    line.truncates === true && justified.length > width - 3 ? `${justified.slice(0, width - 3)}...` : justified
  const took = seconds === undefined ? '' : ` in ${seconds.toFixed(2)}s`
  return `${shown} [${color === undefined ? status : paint(color, status)}${took}]`
}

export const plainPaint: Paint = (_, text) => text

const codes: Readonly<Record<Color, number>> = { red: 31, green: 32, yellow: 33 }

export const ansiPaint: Paint = (color, text) => `\u001B[${codes[color]}m${text}\u001B[0m`

const irregular: Readonly<Record<string, string>> = {
  analysis: 'analyses',
  test: 'data tests',
  saved_query: 'saved queries',
  'sql operation': 'sql operations',
}

/** `1 model`, `5 data tests`, `2 analyses`. */
export function countOf(count: number, kind: string): string {
  const name = count === 1 ? kind : (irregular[kind] ?? `${kind}s`)
  return `${count} ${name.replaceAll('_', ' ')}`
}
