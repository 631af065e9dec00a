import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import zlib from 'node:zlib'
import type { Compression } from './file-format.ts'

const gzipMark = [0x1f, 0x8b]
const zstdMark = [0x28, 0xb5, 0x2f, 0xfd]
const marksBytes = 4

function startsWith(bytes: Uint8Array, mark: readonly number[]): boolean {
  return mark.every((byte, index) => bytes[index] === byte)
}

const decompressors: Readonly<Partial<Record<Compression, () => NodeJS.ReadWriteStream>>> = {
  GZIP: () => zlib.createGunzip(),
  ZSTD: () => zlib.createZstdDecompress(),
  BROTLI: () => zlib.createBrotliDecompress(),
  DEFLATE: () => zlib.createInflate(),
  RAW_DEFLATE: () => zlib.createInflateRaw(),
}

/** A text file block by block, decompressed as its format says; AUTO goes by the first bytes. */
export async function* readFileText(path: string, compression: Compression): AsyncGenerator<string> {
  const kind = compression === 'AUTO' ? await detect(path) : compression
  const file = createReadStream(path, { highWaterMark: blockBytes })
  const decompressor = decompressors[kind]?.()
  // A file that breaks off in its middle has to fail the reading too.
  if (decompressor !== undefined) file.on('error', (error) => decompressor.emit('error', error))
  const decoder = new TextDecoder()
  try {
    for await (const bytes of decompressor === undefined ? file : file.pipe(decompressor)) {
      yield decoder.decode(bytes as Uint8Array, { stream: true })
    }
    yield decoder.decode()
  } finally {
    file.destroy()
  }
}

const blockBytes = 256 * 1024

async function detect(path: string): Promise<Compression> {
  const file = await open(path)
  try {
    const bytes = Buffer.alloc(marksBytes)
    await file.read(bytes, 0, marksBytes, 0)
    if (startsWith(bytes, gzipMark)) return 'GZIP'
    if (startsWith(bytes, zstdMark)) return 'ZSTD'
    return path.endsWith('.br') ? 'BROTLI' : 'NONE'
  } finally {
    await file.close()
  }
}
