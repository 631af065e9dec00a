import { access, chmod, cp, lchown, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgresLocal } from '@eclusa/postgres-local'
import { testBinaries } from '@eclusa/postgres-local/testing'
import type { TestServerMajor } from '@eclusa/postgres-local/testing'
import { TestSession, waitUntil } from './database.ts'

export interface StandbyPair extends AsyncDisposable {
  readonly primary: TestSession
  readonly standby: TestSession
  readonly primaryUrl: string
  readonly standbyUrl: string
  /** Another session at the primary. */
  open(): Promise<TestSession>
  /** Waits until the standby has everything that the primary has now. */
  catchUp(): Promise<void>
}

/**
 * A primary and a streaming standby of it; undefined where there are no binaries of that version. With wal_level
 * logical a standby counts subtransactions as overflowed from the first one on, and not only from the 65th.
 *
 * @param options.keepsSlots the standby keeps copies of its primary's failover slots (17 and later).
 */
export async function startStandbyPair(
  major: TestServerMajor,
  { keepsSlots = false }: { readonly keepsSlots?: boolean } = {},
): Promise<StandbyPair | undefined> {
  const binaries = testBinaries(major)
  if (binaries !== undefined && !(await isReadable(join(binaries, 'postgres')))) return undefined
  const directory = await mkdtemp(join(tmpdir(), 'eclusa-standby-'))
  await chmod(directory, 0o755)
  const common = { ...(binaries !== undefined && { binaries }) }
  const settings = { fsync: 'off', wal_level: 'logical', hot_standby: 'on' }
  const primaryServer = await startPostgresLocal({ ...common, settings, dataDir: join(directory, 'primary') })
  const primary = await TestSession.open(primaryServer.connectionString())
  await copyRunning(primary, { major, from: primaryServer.dataDir, to: join(directory, 'standby') })
  const { host, port, user, password } = primaryServer
  const primary_conninfo = `host=${host} port=${port} user=${user} password=${password} dbname=postgres`
  if (keepsSlots) await primary.run(`SELECT pg_create_physical_replication_slot('standby')`)
  const keeping = { sync_replication_slots: 'on', hot_standby_feedback: 'on', primary_slot_name: 'standby' }
  const standbyServer = await startPostgresLocal({
    ...common,
    settings: { ...settings, primary_conninfo, ...(keepsSlots && keeping) },
    dataDir: join(directory, 'standby'),
  })
  const standby = await TestSession.open(standbyServer.connectionString())
  return {
    primary,
    standby,
    primaryUrl: primaryServer.connectionString(),
    standbyUrl: standbyServer.connectionString(),
    open: async () => await TestSession.open(primaryServer.connectionString()),
    catchUp: async () => {
      const position = (await primary.run('SELECT pg_current_wal_insert_lsn()')).at(0)?.at(0)
      await waitUntil('the standby has caught up', async () => {
        const rows = await standby.run(`SELECT pg_last_wal_replay_lsn() >= '${position}'::pg_lsn`)
        return rows.at(0)?.at(0) === 't'
      })
    },
    [Symbol.asyncDispose]: async () => {
      for (const session of [standby, primary]) await session[Symbol.asyncDispose]()
      for (const server of [standbyServer, primaryServer]) await server.stop()
      await rm(directory, { recursive: true })
    },
  }
}

/** Copies the files of a running server (PostgreSQL docs, "Making a Base Backup Using the Low Level API"). */
async function copyRunning(
  session: TestSession,
  { major, from, to }: { major: TestServerMajor; from: string; to: string },
): Promise<void> {
  const [start, stop] =
    major >= 15
      ? [`pg_backup_start('standby', true)`, 'pg_backup_stop()']
      : [`pg_start_backup('standby', true, false)`, 'pg_stop_backup(false)']
  await session.run(`SELECT ${start}`)
  await cp(from, to, { recursive: true, filter: (path) => !path.includes('/postmaster.') })
  const label = (await session.run(`SELECT labelfile FROM ${stop}`)).at(0)?.at(0) ?? ''
  await writeFile(join(to, 'backup_label'), label)
  await writeFile(join(to, 'standby.signal'), '')
  const owner = await stat(from)
  for (const path of await readdir(to, { recursive: true })) await lchown(join(to, path), owner.uid, owner.gid)
}

function isReadable(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
