import { createHash } from 'node:crypto'
import { mkdir, readFile, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { integer, text } from '../catalog/sql-type.ts'
import type { FileStatement } from '../parse/ast-dml.ts'
import { isOptionTrue, optionText } from '../parse/ast-option.ts'
import { stageLocation } from './stage-location.ts'
import type { StageLocation } from './stage-location.ts'
import type { SessionState } from './session-state.ts'
import { syntaxError } from './sql-error.ts'
import type { Bind, FileTransfer, StatementResult } from './statement.ts'
import { rowsResult } from './wire.ts'

export async function executeTransfer(
  session: SessionState,
  statement: FileStatement,
  binds: readonly Bind[] = [],
): Promise<StatementResult> {
  const location = stageLocation(session, locationText(statement.location, binds))
  await mkdir(location.directory, { recursive: true })
  if (statement.kind === 'put' || statement.kind === 'get') {
    return { ...rowsResult([], []), transfer: transferOf(statement, location) }
  }
  return statement.kind === 'list' ? await list(location, statement) : await remove(location, statement)
}

function locationText(location: FileStatement['location'], binds: readonly Bind[]): string {
  if (typeof location === 'string') return location
  const value = binds[location.bind - 1]?.value
  if (typeof value !== 'string') throw syntaxError('the location of a stage is not bound')
  return value.replace(/^@/, '')
}

function transferOf(
  { kind, localPath, options }: FileStatement & { kind: 'put' | 'get' },
  { directory, path }: StageLocation,
): FileTransfer {
  const pattern = optionText(options.get('PATTERN'))
  return {
    command: kind === 'put' ? 'UPLOAD' : 'DOWNLOAD',
    localPath,
    stageDirectory: directory,
    stagePath: path,
    autoCompress: optionText(options.get('AUTO_COMPRESS'))?.toUpperCase() !== 'FALSE',
    sourceCompression: optionText(options.get('SOURCE_COMPRESSION'))?.toLowerCase() ?? 'auto_detect',
    overwrite: isOptionTrue(options.get('OVERWRITE')),
    parallel: Number(optionText(options.get('PARALLEL')) ?? '4'),
    ...(pattern === undefined ? {} : { pattern }),
  }
}

/** Files of the stage whose path begins as the location says, and whose whole path the pattern matches. */
async function filesAt({ directory, path }: StageLocation, pattern: string | undefined): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const names = entries.flatMap((entry) =>
    entry.isFile()
      ? [
          join(entry.parentPath, entry.name)
            .slice(directory.length + 1)
            .replaceAll('\\', '/'),
        ]
      : [],
  )
  const test = pattern === undefined ? undefined : new RegExp(`^(?:${pattern})$`, 'u')
  return names.filter((name) => name.startsWith(path) && (test === undefined || test.test(name))).toSorted()
}

async function list(location: StageLocation, { options }: FileStatement): Promise<StatementResult> {
  const names = await filesAt(location, optionText(options.get('PATTERN')))
  const rows = await Promise.all(
    names.map(async (name) => {
      const path = join(location.directory, name)
      const { size, mtime } = await stat(path)
      const md5 = createHash('md5')
        .update(await readFile(path))
        .digest('hex')
      return [`${location.name}/${name}`.replace(/^~\//u, ''), String(size), md5, mtime.toUTCString()]
    }),
  )
  return rowsResult(
    [
      { name: 'name', type: text(), nullable: true },
      { name: 'size', type: integer, nullable: true },
      { name: 'md5', type: text(), nullable: true },
      { name: 'last_modified', type: text(), nullable: true },
    ],
    rows,
  )
}

async function remove(location: StageLocation, { options }: FileStatement): Promise<StatementResult> {
  const names = await filesAt(location, optionText(options.get('PATTERN')))
  await Promise.all(names.map(async (name) => await rm(join(location.directory, name), { force: true })))
  return rowsResult(
    [
      { name: 'name', type: text(), nullable: true },
      { name: 'result', type: text(), nullable: true },
    ],
    names.map((name) => [`${location.name}/${name}`.replace(/^~\//u, ''), 'removed']),
  )
}
