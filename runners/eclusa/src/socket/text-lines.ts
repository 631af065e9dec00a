/** Splits text that comes in parts into lines, without their ends; a last line may lack it. */
export async function* textLines(parts: AsyncIterable<string>): AsyncGenerator<string, void, undefined> {
  let rest = ''
  for await (const part of parts) {
    const lines = part.split('\n')
    lines[0] = rest + lines[0]!
    rest = lines.pop()!
    yield* lines
  }
  if (rest !== '') yield rest
}
