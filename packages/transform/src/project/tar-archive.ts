import path from 'node:path'
import { gunzipSync } from 'node:zlib'

/** A file of an archive: its path with forward slashes, never outside of the folder it is unpacked into. */
export interface ArchiveFile {
  readonly path: string
  readonly content: Buffer
}

const blockBytes = 512

/**
 * The regular files of a .tar.gz, in its order. Links are left out: a dbt package needs none, and they could lead
 * outside. Reads ustar with the pax and GNU extensions for long names, which is what git servers write.
 *
 * @throws RangeError when a path leads outside of the archive's folder.
 */
export function readTarGz(archive: Uint8Array): ArchiveFile[] {
  const bytes = gunzipSync(archive)
  const files: ArchiveFile[] = []
  let longName: string | undefined
  for (let offset = 0; offset + blockBytes <= bytes.length;) {
    const header = bytes.subarray(offset, offset + blockBytes)
    if (header[0] === 0) break
    const size = Number.parseInt(textOf(header, 124, 12).trim() || '0', 8)
    const type = String.fromCharCode(header[156] ?? 0)
    const start = offset + blockBytes
    const content = bytes.subarray(start, start + size)
    if (type === 'x') longName = paxPath(content) ?? longName
    else if (type === 'L') longName = textOf(content, 0, size)
    else {
      const name = longName ?? joinedName(header)
      longName = undefined
      if (type === '0' || type === '\0') files.push({ path: safePath(name), content: Buffer.from(content) })
    }
    offset = start + Math.ceil(size / blockBytes) * blockBytes
  }
  return files
}

function joinedName(header: Uint8Array): string {
  const prefix = textOf(header, 345, 155)
  const name = textOf(header, 0, 100)
  return prefix === '' ? name : `${prefix}/${name}`
}

function textOf(bytes: Uint8Array, start: number, length: number): string {
  const text = Buffer.from(bytes.subarray(start, start + length)).toString('utf8')
  const end = text.indexOf('\0')
  return end < 0 ? text : text.slice(0, end)
}

/** Records of a pax header: `<length> key=value\n`. */
function paxPath(content: Uint8Array): string | undefined {
  const records = Buffer.from(content).toString('utf8').split('\n')
  return records.map((record) => /^\d+ path=(.*)$/su.exec(record)?.[1]).find((found) => found !== undefined)
}

function safePath(name: string): string {
  const normal = path.posix.normalize(name)
  if (path.posix.isAbsolute(normal) || normal.split('/').includes('..'))
    throw new RangeError(`the archive has a file outside of its folder: ${name}`)
  return normal
}
