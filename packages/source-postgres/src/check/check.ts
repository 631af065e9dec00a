import { EclusaError } from '@eclusa/sdk'
import type { CheckContext, CheckFinding, CheckResult } from '@eclusa/sdk'
import type { PostgresConfig } from '../config.ts'
import { connectionSettings } from '../connection/connection-settings.ts'
import { beginRead } from '../connection/read-transaction.ts'
import { readServerFacts } from '../connection/server-facts.ts'
import { openSession } from '../connection/session.ts'
import type { Session } from '../connection/session.ts'
import { exportSnapshot } from '../copy/exported-snapshot.ts'
import { describeQuery } from '../query-stream/user-query.ts'
import { replicationSettings } from '../replication/replication-settings.ts'
import { failed, passed } from './finding.ts'
import { examineRelations } from './relation-finding.ts'
import { examineReplication } from './replication-finding.ts'
import { serverFindings, tlsFinding } from './server-finding.ts'
import { examineStreams } from './stream-finding.ts'

/**
 * Looks at everything that reading needs: the way to the server, its version, the privileges of the role, row level
 * security, the queries of the configuration. Each finding that is not `passed` has the SQL that mends it, where SQL
 * can. It looks no further than a failure that makes the rest impossible.
 *
 * Given the streams that were chosen, it is about these. Otherwise it is about all there is: what concerns a schema named
 * in `schemas` fails the check; of the others, which may not be wanted, it warns.
 *
 * @throws CANCELLED; everything else becomes a finding.
 */
export async function check(config: PostgresConfig, context: CheckContext): Promise<CheckResult> {
  const findings: CheckFinding[] = []
  try {
    for await (const finding of examine(config, context)) findings.push(finding)
  } catch (error) {
    if (!EclusaError.isInstance(error) || error.code === 'CANCELLED') throw error
    findings.push(failed(findings.length === 0 ? 'connection' : 'server', error))
  }
  return { findings }
}

async function* examine(
  config: PostgresConfig,
  { signal, catalog, missing = [] }: CheckContext,
): AsyncGenerator<CheckFinding, void, undefined> {
  const settings = connectionSettings(config)
  const { host, port, username } = settings
  await using session = await openSession(settings, signal)
  yield passed('connection', `Logged in to ${host.startsWith('/') ? host : `${host}:${port}`} as "${username}".`)
  yield tlsFinding(session.ssl, settings)
  const facts = await readServerFacts(session)
  yield* serverFindings(facts)
  await exportSnapshot(session, { config, isStandby: facts.isStandby })
  yield passed('snapshot', 'All tables can be read in one snapshot.')
  if (catalog === undefined) {
    yield* examineRelations(session, { config, username })
    yield* examineQueries(session, config)
  } else {
    yield* examineStreams(session, { config, facts, username, chosen: { catalog, missing } })
  }
  const replication = replicationSettings(config)
  if (replication !== undefined) {
    yield* examineReplication({ config, settings: replication, facts, signal, catalog })
  }
}

async function* examineQueries(
  session: Session,
  config: PostgresConfig,
): AsyncGenerator<CheckFinding, void, undefined> {
  for (const [name, query] of Object.entries(config.queries)) {
    const subject = `query ${name}`
    // A statement that fails spoils its transaction.
    await beginRead(session, { config, attempt: { doing: 'beginning to check a query' } })
    try {
      const { columns } = await describeQuery(session, name, query)
      yield passed(subject, `It returns ${columns.length} columns.`)
    } catch (error) {
      if (!EclusaError.isInstance(error) || error.code === 'CANCELLED') throw error
      yield failed(subject, error)
    }
  }
}
