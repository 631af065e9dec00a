import { Buffer } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { writePieces } from '../artifact/write-artifact.ts'

/** A file of named sections: a line that says what it is, a line with their names, lengths and checksums, and the bytes. */
export type Sections = ReadonlyMap<string, Uint8Array>

type SectionLine = [name: string, length: number, checksum: number]

const firstLine = 'eclusa partial parse 2\n'
const lineFeed = 0x0a

/** @throws Error when the file is not one of ours, or not whole. */
export async function readSections(file: string): Promise<Sections> {
  const bytes = await readFile(file)
  if (bytes.toString('latin1', 0, firstLine.length) !== firstLine) throw new Error('it is of another kind or version')
  const end = bytes.indexOf(lineFeed, firstLine.length)
  const index = JSON.parse(bytes.toString('utf8', firstLine.length, end)) as SectionLine[]
  let offset = end + 1
  const sections = new Map<string, Uint8Array>()
  for (const [name, length, checksum] of index) {
    const section = bytes.subarray(offset, (offset += length))
    if (section.byteLength !== length || crc32(section) !== checksum) throw new Error(`"${name}" is damaged`)
    sections.set(name, section)
  }
  return sections
}

export async function writeSections(
  file: string,
  sections: readonly (readonly [name: string, pieces: readonly Uint8Array[]])[],
): Promise<void> {
  const index = sections.map(([name, pieces]): SectionLine => [name, bytesOf(pieces), checksumOf(pieces)])
  const head = Buffer.from(`${firstLine}${JSON.stringify(index)}\n`)
  await writePieces(file, [head, ...sections.flatMap(([, pieces]) => pieces)])
}

function bytesOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { byteLength }) => sum + byteLength, 0)
}

function checksumOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((checksum, piece) => crc32(piece, checksum), 0)
}
