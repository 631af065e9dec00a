import { EclusaError, arrivesAsChanges, streamKey } from '@eclusa/sdk'
import type { CheckFinding, ConfiguredCatalog } from '@eclusa/sdk'
import type { PostgresConfig } from '../config.ts'
import { connectionSettings } from '../connection/connection-settings.ts'
import type { ServerFacts } from '../connection/server-facts.ts'
import { openSession } from '../connection/session.ts'
import type { Session } from '../connection/session.ts'
import {
  publicationScope,
  publishColumnsSql,
  scopeFault,
  unpublishedColumns,
} from '../replication/publication-scope.ts'
import {
  publicationFault,
  publicationForbidden,
  publicationStatements,
  readPublication,
} from '../replication/publication.ts'
import type { ChosenTable, Publication } from '../replication/publication.ts'
import { hiddenRowsFault, readReplicatedTables, replicaIdentityFault } from '../replication/replicated-table.ts'
import type { ReplicatedTable } from '../replication/replicated-table.ts'
import { assertReplicates, openWalsender } from '../replication/replication-server.ts'
import type { ReplicationSettings } from '../replication/replication-settings.ts'
import { retentionFindings, unmadeSlotError } from '../replication/slot-finding.ts'
import { isLost, lostError, purposeFault, readSlot } from '../replication/slot.ts'
import { failed, passed, warning } from './finding.ts'

export interface ReplicationCheckOptions {
  readonly config: PostgresConfig
  readonly settings: ReplicationSettings
  readonly facts: ServerFacts
  readonly signal: AbortSignal
  /** Default: unknown, what concerns tables is left out. */
  readonly catalog: ConfiguredCatalog | undefined
}

/** Looks at everything that replication needs: server, role, slot, publication, and the tables that are chosen. */
export async function* examineReplication(
  options: ReplicationCheckOptions,
): AsyncGenerator<CheckFinding, void, undefined> {
  const { config, settings, facts, signal } = options
  const connection = connectionSettings(config)
  await using session = await openSession(connection, signal)
  const steps: readonly (readonly [string, () => Promise<string>])[] = [
    [
      'wal_level',
      async () => {
        await assertReplicates(session, facts, settings)
        return 'wal_level is logical.'
      },
    ],
    [
      'replication role',
      async () => {
        await using walsender = await openWalsender(connection, signal)
        await walsender.identifySystem()
        return `Role "${connection.username}" may replicate.`
      },
    ],
  ]
  for (const [subject, work] of steps) {
    try {
      yield passed(subject, await work())
    } catch (error) {
      if (!EclusaError.isInstance(error) || error.code === 'CANCELLED') throw error
      yield failed(subject, error)
      return
    }
  }
  yield* slotFindings(session, { settings, database: connection.database })
  yield* publicationFindings(session, options)
}

async function* slotFindings(
  session: Session,
  { settings, database }: { readonly settings: ReplicationSettings; readonly database: string },
): AsyncGenerator<CheckFinding, void, undefined> {
  const slot = await readSlot(session, settings.slot)
  const subject = `replication slot ${settings.slot}`
  if (slot === undefined) {
    if (!settings.isManaged) yield failed(subject, unmadeSlotError(settings.slot))
    else yield* freeSlotFindings(session, subject)
  } else {
    const fault = purposeFault(slot, database) ?? (isLost(slot) ? lostError(slot) : undefined)
    if (fault !== undefined) yield failed(subject, fault)
    else {
      const by = slot.isActive ? `, and is read by the server's process ${slot.activePid}` : ''
      yield passed(subject, `It exists${by}.`)
    }
  }
  yield* await retentionFindings(session, slot)
}

async function* freeSlotFindings(session: Session, subject: string): AsyncGenerator<CheckFinding, void, undefined> {
  const [row] = await session.query<{ used: number; max: number }>(
    `SELECT (SELECT count(*)::int FROM pg_replication_slots) AS used, current_setting('max_replication_slots')::int AS max`,
    { attempt: { doing: 'counting replication slots' } },
  )
  const { used, max } = row!
  if (used >= max) {
    const error = new EclusaError('REPLICATION_LIMIT', {
      message: `All ${max} replication slots of the server are in use.`,
      remedy: `SELECT slot_name, active FROM pg_replication_slots; SELECT pg_drop_replication_slot(…) for one that nobody needs; or ALTER SYSTEM SET max_replication_slots = ${max * 2}; then restart the server.`,
    })
    yield failed(subject, error)
  } else if (used + 1 >= max) {
    yield warning(
      subject,
      `It will take the last of ${max} replication slots; a stream that is added later needs another one for a moment.`,
      `ALTER SYSTEM SET max_replication_slots = ${max * 2}; then restart the server.`,
    )
  } else yield passed(subject, 'It will be created by the first run.')
}

async function* publicationFindings(
  session: Session,
  { catalog, config, settings, facts }: ReplicationCheckOptions,
): AsyncGenerator<CheckFinding, void, undefined> {
  const { publication: name, isManaged } = settings
  const subject = `publication ${name}`
  const publication = await readPublication(session, name)
  const streams = (catalog?.streams ?? []).filter(arrivesAsChanges)
  if (streams.length === 0) {
    const message =
      publication === undefined ? 'It does not exist yet.' : `It publishes ${publication.tables.length} tables.`
    yield publication !== undefined || isManaged ? passed(subject, message) : warning(subject, message)
    return
  }
  const tables = await readReplicatedTables(session, streams)
  const suitable: ReplicatedTable[] = []
  for (const table of tables) {
    const configured = streams.find(({ stream }) => streamKey(stream) === table.key)!
    const chosen = { table, configured }
    const fault =
      replicaIdentityFault(table, configured) ??
      hiddenRowsFault(table, connectionSettings(config).username) ??
      (publication === undefined ? undefined : (publicationFault(publication, table) ?? scopeFault(publication, table)))
    if (fault === undefined) suitable.push(table)
    else yield failed(`stream ${table.key}`, fault)
    if (publication !== undefined) yield* scopeFindings(publication, chosen)
    yield* generatedFindings(table, publication, facts)
    yield* truncationFindings(table, publication)
  }
  if (suitable.length === 0) return
  const statements = publicationStatements(publication, { name, tables: suitable, versionNumber: facts.versionNumber })
  if (statements.length === 0) {
    yield passed(subject, `It publishes the ${suitable.length} chosen tables.`)
    return
  }
  const why = isManaged
    ? facts.isStandby
      ? 'a standby cannot be changed: it is done on the primary'
      : await reasonItMayNot(session, publication, { config, tables: suitable })
    : '`manage` is false'
  yield why === undefined
    ? passed(subject, `The next run will do: ${statements.join('; ')}.`)
    : failed(subject, publicationForbidden(name, publication, { statements, why }))
}

/** What the publication leaves out on purpose. */
function* scopeFindings(publication: Publication, chosen: ChosenTable): Generator<CheckFinding> {
  const { table, configured } = chosen
  const scope = publicationScope(publication, table)
  const conditions = new Set(scope.rowFilters.values())
  if (conditions.size > 0) {
    yield passed(
      `row filter of ${table.key}`,
      `Only rows of it are copied and followed: ${[...conditions].join(', ')}.`,
    )
  }
  const left = unpublishedColumns(scope, configured)
  if (left.length === 0) return
  yield warning(
    `columns of ${table.key}`,
    `The publication leaves out ${left.map((name) => `"${name}"`).join(', ')}: they are no part of the stream.`,
    publishColumnsSql(publication, chosen),
  )
}

/** The log has the truncation of the whole only. */
function* truncationFindings(
  { key, isPartitioned }: ReplicatedTable,
  publication: Publication | undefined,
): Generator<CheckFinding> {
  if (!isPartitioned) return
  yield warning(
    `partitions of ${key}`,
    publication === undefined || publication.isViaRoot
      ? 'PostgreSQL sends nothing when a single partition is truncated, attached, detached or dropped: the warehouse keeps what it had, unnoticed.'
      : 'A single partition that is truncated stops the run, since nothing tells which rows it had; nothing is sent when one is attached, detached or dropped.',
    `Use DELETE in place of TRUNCATE, or truncate ${key} as a whole; otherwise afterwards: eclusa resync ${key}`,
  )
}

function* generatedFindings(
  table: ReplicatedTable,
  publication: Publication | undefined,
  { versionNumber }: ServerFacts,
): Generator<CheckFinding> {
  const { key, generatedColumns } = table
  const isSent = publication === undefined ? versionNumber >= 180_000 : publication.hasGenerated
  const isListed = publication !== undefined && publicationScope(publication, table).columns !== undefined
  if (generatedColumns.length === 0 || isSent || isListed) return
  yield warning(
    `generated columns of ${key}`,
    `The log has no values of ${generatedColumns.map((name) => `"${name}"`).join(', ')}: the copy has them, rows that are new after it have NULL.`,
    'Leave them out and compute them in the warehouse. (PostgreSQL 18 can publish them: publish_generated_columns.)',
  )
}

/** Creating takes CREATE on the database, altering the publication's owner, adding a table that table's. */
async function reasonItMayNot(
  session: Session,
  publication: Publication | undefined,
  { config, tables }: { readonly config: PostgresConfig; readonly tables: readonly ReplicatedTable[] },
): Promise<string | undefined> {
  const { username } = connectionSettings(config)
  const [row] = await session.query<{ may: boolean; foreign: string[] }>(
    `SELECT CASE WHEN $1::oid IS NULL THEN has_database_privilege(current_database(), 'CREATE')
                 ELSE (SELECT pg_has_role(p.pubowner, 'USAGE') FROM pg_publication AS p WHERE p.oid = $1::oid) END AS may,
            ARRAY(SELECT c.oid::regclass::text FROM pg_class AS c
                   WHERE c.oid = ANY ($2::oid[]) AND NOT pg_has_role(c.relowner, 'USAGE')) AS foreign`,
    {
      attempt: { doing: 'looking at the privileges for the publication' },
      parameters: [publication?.oid ?? null, tables.map(({ oid }) => oid)],
    },
  )
  if (row === undefined) return undefined
  if (!row.may) {
    return publication === undefined
      ? `role "${username}" has no CREATE on the database`
      : `role "${username}" is not its owner`
  }
  return row.foreign.length === 0 ? undefined : `role "${username}" does not own ${row.foreign.join(', ')}`
}
