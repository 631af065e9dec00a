import { createPublicKey, generateKeyPair } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { EclusaError } from '@eclusa/sdk'

const modulusBits = 2048

/**
 * Makes a key pair and writes the private key, which nobody but this user may read, where no file is yet.
 *
 * @returns the public key as `setup` needs it.
 * @throws SNOWFLAKE_KEY_FILE when the file is there already or cannot be written.
 */
export async function generateKeyFile(path: string): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: modulusBits })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
  try {
    await writeFile(path, pem, { flag: 'wx', mode: 0o600 })
  } catch (cause) {
    const isThere = (cause as NodeJS.ErrnoException).code === 'EEXIST'
    throw new EclusaError('SNOWFLAKE_KEY_FILE', {
      message: isThere
        ? `${path} is there already, and a key is never written over.`
        : `The private key cannot be written to ${path}: ${(cause as Error).message}`,
      ...(isThere ? { remedy: `Use its key: \`--public-key ${path}\`, or name another file.` } : {}),
      details: { path },
      cause,
    })
  }
  return publicKeyOf(pem)
}

/**
 * Reads a key from a PEM file: the public key, or the private key of which it is a part.
 *
 * @throws SNOWFLAKE_KEY_FILE when the file cannot be read or holds no key.
 */
export async function readPublicKey(path: string): Promise<string> {
  try {
    return publicKeyOf(await readFile(path, 'utf8'))
  } catch (cause) {
    throw new EclusaError('SNOWFLAKE_KEY_FILE', {
      message: `${path} cannot be read as a key: ${(cause as Error).message}`,
      remedy: `Name a PEM file. For an encrypted private key: \`openssl rsa -in ${path} -pubout -out rsa_key.pub\`, and name that.`,
      details: { path },
      cause,
    })
  }
}

function publicKeyOf(pem: string | Buffer): string {
  return createPublicKey(pem).export({ type: 'spki', format: 'der' }).toString('base64')
}
