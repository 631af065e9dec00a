import { access, constants, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { EclusaError } from '@eclusa/sdk'
import type { CheckFinding, CheckResult, ConnectorContext } from '@eclusa/sdk'
import { openDuckDb } from '@eclusa/warehouse'
import type { DuckDbConfig } from './config.ts'
import { limitsOf } from './database-limits.ts'
import { busyIfLocked } from './session.ts'

/** Looks whether the file can be opened for writing, or created; changes nothing. */
export async function checkDuckDb(config: DuckDbConfig, { signal }: ConnectorContext): Promise<CheckResult> {
  const isThere = await exists(config.path)
  return { findings: [isThere ? await checkFile(config, signal) : await checkDirectory(config.path)] }
}

async function checkFile(config: DuckDbConfig, signal: AbortSignal): Promise<CheckFinding> {
  const subject = `DuckDB file ${config.path}`
  try {
    await access(config.path, constants.W_OK).catch(() => {
      throw new EclusaError('DUCKDB_UNWRITABLE', { message: `This user may not write to ${config.path}.` })
    })
    await using warehouse = await openDuckDb({ path: config.path, signal, ...limitsOf(config) })
    return { status: 'passed', subject, message: `It can be opened for writing, as database "${warehouse.database}".` }
  } catch (error) {
    const shown = busyIfLocked(error)
    if (!EclusaError.isInstance(shown)) throw error
    return { status: 'failed', subject, message: shown.message, code: shown.code, remedy: shown.remedy }
  }
}

async function checkDirectory(path: string): Promise<CheckFinding> {
  const directory = await nearestDirectory(dirname(resolve(path)))
  const subject = `DuckDB file ${path}`
  const isWritable = await access(directory, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  )
  if (isWritable) return { status: 'passed', subject, message: 'It does not exist yet and can be created.' }
  return {
    status: 'failed',
    subject,
    message: `It does not exist yet, and this user may not write to ${directory}.`,
    code: 'DUCKDB_UNWRITABLE',
    remedy: `Run: chmod u+w '${directory}', or choose another path.`,
  }
}

/** The first directory upwards that is there: what is missing below it would be created. */
async function nearestDirectory(directory: string): Promise<string> {
  const found = await stat(directory).catch(() => undefined)
  const parent = dirname(directory)
  return found !== undefined || parent === directory ? directory : nearestDirectory(parent)
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
