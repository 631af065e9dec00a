import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { SqlError } from '../engine/sql-error.ts'
import { optionText, optionTexts } from '../parse/ast-option.ts'
import type { Options } from '../parse/ast-option.ts'
import { listStageFiles } from '../stage/stage-files.ts'
import type { CopyLocation } from './copy-request.ts'

export interface CopyFile {
  /** On this machine. */
  readonly path: string
  /** Below the stage. */
  readonly name: string
  /** As results show it. */
  readonly label: string
  readonly bytes: number
}

/** The files that FILES or PATTERN choose of a location, in order of their names. */
export async function filesOf(location: CopyLocation, options: Options): Promise<readonly CopyFile[]> {
  const { directory, path, label } = location
  const wanted = optionTexts(options.get('FILES'))
  const pattern = optionText(options.get('PATTERN'))
  const all = await listStageFiles(directory, { path, ...(pattern === undefined ? {} : { pattern }) })
  const files = all.map(({ name, bytes }) => ({ path: join(directory, name), name, label: `${label}${name}`, bytes }))
  if (wanted.length === 0) return files
  const byName = new Map(files.map((file) => [file.name, file]))
  return wanted.map((name) => byName.get(below(path, name)) ?? missing(name))
}

function below(path: string, name: string): string {
  if (path === '') return name
  return `${path.replace(/\/+$/u, '')}/${name}`
}

function missing(name: string): never {
  throw new SqlError({
    code: '091016',
    sqlState: '02000',
    message: `Remote file '${name}' was not found. There are several potential causes. The file might not exist. The required credentials may be missing or invalid.`,
  })
}

export async function etagOf(path: string): Promise<string> {
  const hash = createHash('md5')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
