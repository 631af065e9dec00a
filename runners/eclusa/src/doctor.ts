import { access, constants, statfs } from 'node:fs/promises'
import { arch, freemem, platform, release, tmpdir } from 'node:os'
import { openDuckDb } from '@eclusa/warehouse'
import { startPostgresLocal } from '@eclusa/postgres-local'
import { EclusaError } from '@eclusa/sdk'
import type { CheckFinding } from '@eclusa/sdk'
import { formatBytes } from './output/quantity.ts'
import { version } from './version.ts'

const nodeVersionMin = [22, 18] as const
const diskBytesWarned = 2e9
const diskBytesMin = 2e8
const memoryBytesWarned = 5e8

/** Looks at the machine: what a run needs and what a run on the embedded database needs. */
export async function examineMachine(directory: string, signal: AbortSignal): Promise<CheckFinding[]> {
  return [
    nodeFinding(process.versions.node),
    { status: 'passed', subject: 'eclusa', message: `version ${version} on ${platform()} ${release()} ${arch()}` },
    await findingOf('DuckDB', async () => await tryDuckDb(signal)),
    await findingOf('embedded PostgreSQL', async () => await tryPostgres(signal)),
    memoryFinding(process.availableMemory?.() ?? freemem()),
    await folderFinding('working folder', directory),
    await folderFinding('temporary folder', tmpdir()),
  ]
}

export function nodeFinding(nodeVersion: string): CheckFinding {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number)
  const isNewEnough = major > nodeVersionMin[0] || (major === nodeVersionMin[0] && minor >= nodeVersionMin[1])
  const message = `version ${nodeVersion}`
  if (isNewEnough) return { status: 'passed', subject: 'Node.js', message }
  return {
    status: 'failed',
    subject: 'Node.js',
    message,
    remedy: `Install Node.js ${nodeVersionMin.join('.')} or newer.`,
  }
}

async function tryDuckDb(signal: AbortSignal): Promise<string> {
  await using warehouse = await openDuckDb({ path: ':memory:', signal })
  await using connection = await warehouse.connect()
  const { rows } = await connection.query('SELECT version(), sum(range)::VARCHAR FROM range(1000)')
  const [duckDbVersion, sum] = rows[0]!
  if (sum !== '499500') throw new EclusaError('INTERNAL', { message: `DuckDB adds up wrongly: ${String(sum)}.` })
  return `version ${String(duckDbVersion)} opens, computes and closes`
}

async function tryPostgres(signal: AbortSignal): Promise<string> {
  const startedAtMs = performance.now()
  await using server = await startPostgresLocal({ signal })
  return `version ${server.version} starts in ${((performance.now() - startedAtMs) / 1000).toFixed(1)} s (only the demo and tests need it)`
}

function memoryFinding(bytes: number): CheckFinding {
  const message = `${formatBytes(bytes)} available`
  if (bytes >= memoryBytesWarned) return { status: 'passed', subject: 'memory', message }
  const remedy = 'Free some memory, or lower `limits.memory` in eclusa.yaml.'
  return { status: 'warning', subject: 'memory', message, remedy }
}

async function folderFinding(subject: string, directory: string): Promise<CheckFinding> {
  try {
    await access(directory, constants.W_OK)
  } catch {
    const remedy = 'Work in a folder of your own, or name another path for the warehouse.'
    return { status: 'warning', subject, message: `${directory} cannot be written to`, remedy }
  }
  const { bavail, bsize } = await statfs(directory)
  return diskFinding(subject, directory, bavail * bsize)
}

export function diskFinding(subject: string, directory: string, bytesFree: number): CheckFinding {
  const message = `${formatBytes(bytesFree)} free in ${directory}`
  if (bytesFree >= diskBytesWarned) return { status: 'passed', subject, message }
  const status = bytesFree < diskBytesMin ? 'failed' : 'warning'
  return { status, subject, message, remedy: 'Free some room on this disk.' }
}

/** A try that fails becomes a finding with its remedy. */
export async function findingOf(subject: string, attempt: () => Promise<string>): Promise<CheckFinding> {
  try {
    return { status: 'passed', subject, message: await attempt() }
  } catch (error) {
    if (!EclusaError.isInstance(error)) return { status: 'failed', subject, message: String(error) }
    return { status: 'failed', subject, message: error.message, code: error.code, remedy: error.remedy }
  }
}
