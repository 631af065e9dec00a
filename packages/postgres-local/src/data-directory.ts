import { randomBytes } from 'node:crypto'
import { chown, readFile, readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { EclusaError } from '@eclusa/sdk'
import * as z from 'zod'

import type { Binaries } from './binaries.ts'
import { runCommand } from './command.ts'
import type { RunDirectory } from './run-directory.ts'
import { createPrivateDirectory } from './run-directory.ts'
import { mayEnter } from './server-user.ts'
import type { ServerUser } from './server-user.ts'

export const SUPERUSER = 'postgres'
/** Kept inside a lasting data directory, readable by its owner only, so that a later start can log in. */
const CREDENTIALS = 'postgres-local.json'
const INITDB_TIMEOUT_MS = 120_000

const credentialsSchema = z.object({ password: z.string() })

export interface DataDirectoryOptions {
  readonly path: string
  readonly binaries: Binaries
  readonly user: ServerUser | undefined
  readonly run: RunDirectory
  readonly signal: AbortSignal | undefined
}

/** Makes sure that the directory holds a cluster of the binaries' version; returns its superuser's password. */
export async function prepareDataDirectory(options: DataDirectoryOptions): Promise<string> {
  const { path, user, binaries } = options
  await createPrivateDirectory(path, user)
  if (user !== undefined && !(await mayEnter(dirname(path), user))) {
    throw new EclusaError('POSTGRES_LOCAL_DATA_UNUSABLE', {
      message: `The server runs as user ${user.name}, who cannot enter ${dirname(path)}.`,
      remedy: 'Choose a data directory that everybody can reach, or leave it out for a temporary one.',
    })
  }
  const entries = await readdir(path)
  if (entries.length === 0) return initialise(options)
  if (!entries.includes('PG_VERSION') || !entries.includes(CREDENTIALS)) {
    throw new EclusaError('POSTGRES_LOCAL_DATA_UNUSABLE', {
      message: `${path} is not empty and was not created by postgres-local, or its creation was interrupted.`,
      remedy: `Name an empty directory, or remove ${path} if nothing in it is needed.`,
    })
  }
  const version = (await readFile(join(path, 'PG_VERSION'), 'utf8')).trim()
  if (version !== String(binaries.major)) {
    throw new EclusaError('POSTGRES_LOCAL_DATA_UNUSABLE', {
      message: `${path} was created by PostgreSQL ${version}, and the binaries are of PostgreSQL ${binaries.major}.`,
      remedy: `Use binaries of PostgreSQL ${version}, or another directory.`,
    })
  }
  return credentialsSchema.parse(JSON.parse(await readFile(join(path, CREDENTIALS), 'utf8'))).password
}

async function initialise(options: DataDirectoryOptions): Promise<string> {
  const { path, binaries, user, run, signal } = options
  const password = randomBytes(24).toString('base64url')
  await writePrivateFile(run.passwordFile, password, user)
  const args = [
    `--pgdata=${path}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${run.passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // The only locale that exists on every machine and sorts alike on all of them.
    '--locale=C',
    '--no-sync',
    '--no-instructions',
  ]
  const result = await runCommand(join(binaries.directory, 'initdb'), args, {
    user,
    timeoutMs: INITDB_TIMEOUT_MS,
    signal,
  })
  if (!result.succeeded) {
    throw new EclusaError('POSTGRES_LOCAL_START_FAILED', {
      message: `initdb could not create a cluster in ${path}: ${lastLines(result.output)}`,
    })
  }
  await writePrivateFile(join(path, CREDENTIALS), JSON.stringify({ password }), user)
  return password
}

async function writePrivateFile(path: string, content: string, user: ServerUser | undefined): Promise<void> {
  await writeFile(path, content, { mode: 0o600 })
  if (user !== undefined) await chown(path, user.uid, user.gid)
}

function lastLines(text: string): string {
  return text.split('\n').slice(-15).join('\n')
}
