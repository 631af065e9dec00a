import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import zlib from 'node:zlib'
import type { Compression } from './file-format.ts'

const gzipMark = [0x1f, 0x8b]
const zstdMark = [0x28, 0xb5, 0x2f, 0xfd]

function startsWith(bytes: Uint8Array, mark: readonly number[]): boolean {
  return mark.every((byte, index) => bytes[index] === byte)
}

const decompressors: Readonly<Partial<Record<Compression, (bytes: Uint8Array) => Promise<Buffer>>>> = {
  GZIP: promisify(zlib.gunzip),
  ZSTD: promisify(zlib.zstdDecompress),
  BROTLI: promisify(zlib.brotliDecompress),
  DEFLATE: promisify(zlib.inflate),
  RAW_DEFLATE: promisify(zlib.inflateRaw),
}

/** The whole of a text file, decompressed as its format says; AUTO goes by the first bytes. */
export async function readFileText(path: string, compression: Compression): Promise<string> {
  const bytes = await readFile(path)
  const kind = compression === 'AUTO' ? detect(bytes, path) : compression
  const decompress = decompressors[kind]
  const plain = decompress === undefined ? bytes : await decompress(bytes)
  return plain.toString('utf8').replace(/^\uFEFF/u, '')
}

function detect(bytes: Uint8Array, path: string): Compression {
  if (startsWith(bytes, gzipMark)) return 'GZIP'
  if (startsWith(bytes, zstdMark)) return 'ZSTD'
  return path.endsWith('.br') ? 'BROTLI' : 'NONE'
}
