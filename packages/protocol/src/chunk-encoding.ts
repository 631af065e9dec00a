/**
 * Text chunks to UTF-8 bytes; chunks of bytes pass as they are. A surrogate pair that two text chunks share is put
 * together again.
 */
export async function* encodeChunks(
  chunks: AsyncIterable<Uint8Array | string>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let highSurrogate = ''
  for await (const chunk of chunks) {
    if (typeof chunk !== 'string') {
      if (highSurrogate !== '') yield encodeText(highSurrogate)
      highSurrogate = ''
      yield chunk
      continue
    }
    const text = highSurrogate + chunk
    highSurrogate = /[\uD800-\uDBFF]$/.exec(text)?.[0] ?? ''
    yield encodeText(text.slice(0, text.length - highSurrogate.length))
  }
  if (highSurrogate !== '') yield encodeText(highSurrogate)
}

/** A lone surrogate has no UTF-8. It becomes a byte that is not UTF-8 either, so that its line is reported. */
function encodeText(text: string): Uint8Array {
  if (text.isWellFormed()) return Buffer.from(text)
  const [first = '', ...rest] = text.split(/\p{Surrogate}/u)
  return Buffer.concat([Buffer.from(first), ...rest.flatMap((part) => [Buffer.of(0xff), Buffer.from(part)])])
}
