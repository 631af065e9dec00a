import { createCipheriv, createDecipheriv, createHmac, type Cipheriv, type Decipheriv } from 'node:crypto'

/*
 * The client-side encryption of Snowflake's drivers: each file has a key of its own, AES-CBC with it for the content,
 * AES-ECB with the stage's master key for the key. It goes with the file as headers of the object.
 */

export const encryptionHeader = 'x-goog-meta-encryptiondata'
export const materialHeader = 'x-goog-meta-matdesc'
export const digestHeader = 'x-goog-meta-sfc-digest'

const blockBytes = 16

/** What opens a file: its own key, and where the cipher begins. */
export interface FileKey {
  readonly key: Buffer
  readonly iv: Buffer
}

/** The key that an upload brought, or none if it came plain. @throws Error when the header is not one of a driver. */
export function readFileKey(header: string | undefined, masterKey: Buffer): FileKey | undefined {
  if (header === undefined || header === '') return undefined
  const data = JSON.parse(header) as {
    readonly WrappedContentKey?: { readonly EncryptedKey?: string }
    readonly ContentEncryptionIV?: string
  } | null
  if (data === null) return undefined
  const wrapped = Buffer.from(data.WrappedContentKey?.EncryptedKey ?? '', 'base64')
  const unwrap = createDecipheriv(`aes-${masterKey.length * 8}-ecb`, masterKey, null)
  const key = Buffer.concat([unwrap.update(wrapped), unwrap.final()])
  return { key, iv: Buffer.from(data.ContentEncryptionIV ?? '', 'base64') }
}

/**
 * The key for a download. It follows from what the file is, so that the answers to HEAD and GET agree: drivers take the
 * key from the one and the content from the other.
 */
export function deriveFileKey(identity: string, masterKey: Buffer): FileKey {
  const bytes = createHmac('sha512', masterKey).update(identity).digest()
  return { key: bytes.subarray(0, masterKey.length), iv: bytes.subarray(32, 32 + blockBytes) }
}

export function writeFileKey({ key, iv }: FileKey, masterKey: Buffer): string {
  const wrap = createCipheriv(`aes-${masterKey.length * 8}-ecb`, masterKey, null)
  return JSON.stringify({
    EncryptionMode: 'FullBlob',
    WrappedContentKey: {
      KeyId: 'symmKey1',
      EncryptedKey: Buffer.concat([wrap.update(key), wrap.final()]).toString('base64'),
      Algorithm: 'AES_CBC_256',
    },
    EncryptionAgent: { Protocol: '1.0', EncryptionAlgorithm: 'AES_CBC_256' },
    ContentEncryptionIV: iv.toString('base64'),
    KeyWrappingMetadata: { EncryptionLibrary: 'Java 5.3.0' },
  })
}

export function encryptContent({ key, iv }: FileKey): Cipheriv {
  return createCipheriv(`aes-${key.length * 8}-cbc` as 'aes-128-cbc', key, iv)
}

export function decryptContent({ key, iv }: FileKey): Decipheriv {
  return createDecipheriv(`aes-${key.length * 8}-cbc` as 'aes-128-cbc', key, iv)
}

/** The padding fills the last block, or is one. */
export function encryptedBytes(plainBytes: number): number {
  return (Math.floor(plainBytes / blockBytes) + 1) * blockBytes
}
