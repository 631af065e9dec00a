import { Buffer } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import { writePieces } from '../artifact/write-artifact.ts'

/** A file of named sections: a line that says what it is, a line with names and lengths, and the bytes. */
export type Sections = ReadonlyMap<string, Uint8Array>

const firstLine = 'eclusa partial parse 1\n'
const lineFeed = 0x0a

/** @throws Error when the file is not one of ours, or not whole. */
export async function readSections(file: string): Promise<Sections> {
  const bytes = await readFile(file)
  if (bytes.toString('latin1', 0, firstLine.length) !== firstLine) throw new Error('it is of another kind or version')
  const end = bytes.indexOf(lineFeed, firstLine.length)
  const lengths = JSON.parse(bytes.toString('utf8', firstLine.length, end)) as [name: string, length: number][]
  let offset = end + 1
  const sections = new Map<string, Uint8Array>()
  for (const [name, length] of lengths) sections.set(name, bytes.subarray(offset, (offset += length)))
  if (end === -1 || offset !== bytes.byteLength) throw new Error('it is not whole')
  return sections
}

export async function writeSections(
  file: string,
  sections: readonly (readonly [name: string, pieces: readonly Uint8Array[]])[],
): Promise<void> {
  const lengths = sections.map(([name, pieces]) => [name, bytesOf(pieces)])
  const head = Buffer.from(`${firstLine}${JSON.stringify(lengths)}\n`)
  await writePieces(file, [head, ...sections.flatMap(([, pieces]) => pieces)])
}

function bytesOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { byteLength }) => sum + byteLength, 0)
}
