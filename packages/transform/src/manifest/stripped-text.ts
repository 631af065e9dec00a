const byteOrderMark = '\uFEFF'

/** A text without the white space around it, as Python's `strip` leaves it: a byte order mark is none. */
export function strippedText(text: string): string {
  if (!text.startsWith(byteOrderMark) && !text.endsWith(byteOrderMark)) return text.trim()
  const isSpace = (character: string | undefined) =>
    character !== undefined && character !== byteOrderMark && character.trim() === ''
  let [start, end] = [0, text.length]
  while (start < end && isSpace(text[start])) start += 1
  while (end > start && isSpace(text[end - 1])) end -= 1
  return text.slice(start, end)
}
