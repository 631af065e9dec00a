import type { IncomingMessage } from 'node:http'
import { createGunzip } from 'node:zlib'

/** Statements with inline array binds are the largest; drivers put more than 100,000 values on a stage. */
const bodyBytesMax = 256 * 1024 * 1024

export class BodyTooLargeError extends Error {}

/** The JSON of a request, packed or not; an empty body is an empty object. @throws SyntaxError @throws BodyTooLargeError */
export async function readJsonBody(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = []
  let bytes = 0
  const content = request.headers['content-encoding'] === 'gzip' ? request.pipe(createGunzip()) : request
  for await (const part of content as AsyncIterable<Buffer>) {
    bytes += part.length
    if (bytes > bodyBytesMax) throw new BodyTooLargeError()
    parts.push(part)
  }
  return bytes === 0 ? {} : JSON.parse(Buffer.concat(parts).toString('utf8'))
}
