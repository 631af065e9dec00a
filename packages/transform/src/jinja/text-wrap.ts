/** Where a line may be broken: at white space, behind the hyphen of a hyphenated word, and at a dash between words. */
const chunkPattern =
  /[\t\n\v\f\r ]+|(?<=[\p{L}\p{N}_!"'&.,?])-{2,}(?=[\p{L}\p{N}_])|[^\t\n\v\f\r ]+?(?:-(?:(?<=[\p{L}_]{2}-)|(?<=[\p{L}_]-[\p{L}_]-))(?=[\p{L}_]-?[\p{L}_])|(?=[\t\n\v\f\r ]|$)|(?<=[\p{L}\p{N}_!"'&.,?])(?=-{2,}[\p{L}\p{N}_]))/gu
const plainChunkPattern = /[\t\n\v\f\r ]+|[^\t\n\v\f\r ]+/gu

interface WrapOptions {
  readonly width: number
  readonly breakLongWords: boolean
  readonly breakOnHyphens: boolean
}

/** Breaks one paragraph into lines of at most `width` characters, as Python's textwrap.wrap does. */
export function wrapText(text: string, options: WrapOptions): string[] {
  const chunks = [...(text.match(options.breakOnHyphens ? chunkPattern : plainChunkPattern) ?? [])].toReversed()
  const lines: string[] = []
  while (chunks.length > 0) {
    if (isBlank(chunks.at(-1)) && lines.length > 0) chunks.pop()
    const line = takeLine(chunks, options)
    if (isBlank(line.at(-1))) line.pop()
    if (line.length > 0) lines.push(line.join(''))
  }
  return lines
}

function isBlank(chunk: string | undefined): boolean {
  return chunk !== undefined && chunk.trim() === ''
}

function takeLine(chunks: string[], options: WrapOptions): string[] {
  const line: string[] = []
  let length = 0
  for (
    let chunk = chunks.at(-1);
    chunk !== undefined && length + chunk.length <= options.width;
    chunk = chunks.at(-1)
  ) {
    line.push(chunk)
    length += chunk.length
    chunks.pop()
  }
  const next = chunks.at(-1)
  if (next !== undefined && next.length > options.width) breakWord(chunks, line, options, length)
  return line
}

/** A word longer than a whole line is cut if that is allowed, and has a line of its own if not. */
function breakWord(chunks: string[], line: string[], options: WrapOptions, length: number): void {
  const word = chunks.pop() ?? ''
  const space = options.width < 1 ? 1 : options.width - length
  if (!options.breakLongWords) {
    if (line.length === 0) line.push(word)
    else chunks.push(word)
    return
  }
  const hyphen = options.breakOnHyphens ? word.slice(0, space).lastIndexOf('-') : -1
  const end = hyphen > 0 && /[^-]/.test(word.slice(0, hyphen)) ? hyphen + 1 : space
  if (end > 0) line.push(word.slice(0, end))
  chunks.push(word.slice(end))
}
