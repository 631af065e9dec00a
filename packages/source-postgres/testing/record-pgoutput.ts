/*
 * Records what servers of both versions send for every kind of message: node testing/record-pgoutput.ts. To be run anew
 * when a scenario is added; the tests then tell what to accept.
 */
import { writeFile } from 'node:fs/promises'
import { testServers } from '@eclusa/postgres-local/testing'
import { openReplicationConnection } from '../src/replication/replication-connection.ts'
import type { StartReplicationOptions } from '../src/replication/replication-command.ts'
import { createSourceDatabase } from './database.ts'
import type { SourceDatabase } from './database.ts'
import { capturePath, collectMessages, endPrefix, settingsOf } from './pgoutput-capture.ts'

interface Scenario {
  readonly name: string
  readonly since?: number
  readonly options?: Partial<StartReplicationOptions>
  /** Each element is a transaction, or more where it says so itself. */
  readonly sql: readonly string[]
}

const tablesSql = `
  CREATE TYPE mood AS ENUM ('sad', 'ok');
  CREATE TABLE item (id int PRIMARY KEY, name text, feeling mood);
  CREATE TABLE long (id int PRIMARY KEY, body text, note text);
  ALTER TABLE long ALTER body SET STORAGE EXTERNAL;
  CREATE TABLE whole (a int, b text);
  ALTER TABLE whole REPLICA IDENTITY FULL;
  CREATE TABLE part (id serial PRIMARY KEY, item_id int REFERENCES item);
  CREATE PUBLICATION everything FOR ALL TABLES;`

const many = (from: number, count = 900) =>
  `INSERT INTO item SELECT i, 'x' FROM generate_series(${from}, ${from + count}) AS i;`

const scenarios: readonly Scenario[] = [
  {
    name: 'rows, binary',
    options: { isBinary: true },
    sql: [
      `INSERT INTO item VALUES (1, 'one', 'ok'), (2, NULL, NULL), (3, '', 'sad')`,
      `UPDATE item SET name = 'uno' WHERE id = 1`,
      `UPDATE item SET id = 20 WHERE id = 2`,
      `DELETE FROM item WHERE id = 3`,
    ],
  },
  {
    name: 'rows, text',
    sql: [
      `INSERT INTO item VALUES (1, 'one', 'ok'), (2, NULL, NULL)`,
      `UPDATE item SET id = 20 WHERE id = 2`,
      `DELETE FROM item WHERE id = 1`,
    ],
  },
  {
    name: 'unchanged TOAST values',
    sql: [
      `INSERT INTO long VALUES (1, repeat('0123456789', 300), 'a')`,
      `UPDATE long SET note = 'b'`,
      `UPDATE long SET id = 2`,
    ],
  },
  {
    name: 'REPLICA IDENTITY FULL',
    sql: [`INSERT INTO whole VALUES (1, 'a')`, `UPDATE whole SET b = NULL`, `DELETE FROM whole`],
  },
  { name: 'truncate', sql: [`TRUNCATE whole, long RESTART IDENTITY`, `TRUNCATE item CASCADE`] },
  {
    name: 'messages',
    sql: [
      `SELECT pg_logical_emit_message(true, 'within', 'a transaction')`,
      `BEGIN; SELECT pg_logical_emit_message(false, 'alone', '\\x00ff'::bytea); ROLLBACK`,
    ],
  },
  {
    name: 'origin',
    sql: [
      `SELECT pg_replication_origin_create('upstream')`,
      `SELECT pg_replication_origin_session_setup('upstream');
       BEGIN; SELECT pg_replication_origin_xact_setup('1/2A', '2024-02-29 12:00+00');
       INSERT INTO whole VALUES (7, 'from afar'); COMMIT`,
      `SELECT pg_replication_origin_session_reset(); SELECT pg_replication_origin_drop('upstream')`,
    ],
  },
  {
    name: 'two-phase',
    options: { protocolVersion: 3, isTwoPhase: true },
    sql: [
      `BEGIN; INSERT INTO whole VALUES (1, 'kept'); PREPARE TRANSACTION 'kept'`,
      `COMMIT PREPARED 'kept'`,
      `BEGIN; INSERT INTO whole VALUES (2, 'lost'); PREPARE TRANSACTION 'lost'`,
      `ROLLBACK PREPARED 'lost'`,
    ],
  },
  {
    name: 'streaming',
    options: { protocolVersion: 2, streaming: 'on' },
    sql: [
      `BEGIN; ${many(1)} SAVEPOINT a; ${many(2000)} ROLLBACK TO a;
       SELECT pg_logical_emit_message(true, 'streamed', 'content'); TRUNCATE whole; ${many(4000)} UPDATE item SET id = 0 WHERE id = 1;
       ALTER TABLE whole ADD c mood; INSERT INTO whole VALUES (1, 'b', 'ok'); ${many(6000)} COMMIT`,
      `BEGIN; ${many(10_000)} ROLLBACK`,
    ],
  },
  {
    name: 'streaming and two-phase',
    options: { protocolVersion: 3, streaming: 'on', isTwoPhase: true },
    sql: [`BEGIN; ${many(1)} PREPARE TRANSACTION 'large'`, `COMMIT PREPARED 'large'`],
  },
  {
    name: 'parallel streaming',
    since: 16,
    options: { protocolVersion: 4, streaming: 'parallel' },
    sql: [
      `BEGIN; ${many(1)} SAVEPOINT a; ${many(2000)} ROLLBACK TO a; ${many(4000)} COMMIT`,
      `BEGIN; ${many(10_000)} ROLLBACK`,
    ],
  },
]

async function record(database: SourceDatabase, { options = {}, sql }: Scenario): Promise<Buffer[]> {
  const settings = settingsOf(database.connectionString)
  await using connection = await openReplicationConnection(settings, new AbortController().signal)
  await connection.session.execute(`SET logical_decoding_work_mem = '64kB'`, { doing: 'recording' })
  const { isTwoPhase = false } = options
  await connection.createSlot({ name: 'recorder', snapshot: 'nothing', isTwoPhase, isTemporary: true })
  await using stream = await connection.startReplication({
    slot: 'recorder',
    publications: ['everything'],
    protocolVersion: 1,
    isBinary: false,
    streaming: 'off',
    ...options,
  })
  const writer = await database.open()
  for (const statements of sql) await writer.run(statements)
  await writer.run(`SELECT pg_logical_emit_message(false, '${endPrefix}', '')`)
  const messages = await collectMessages(stream)
  await stream.stop()
  await writer[Symbol.asyncDispose]()
  return abridged(messages)
}

/** Of many inserts in a row only the first two: they are needed to make the server stream, but all alike. */
function abridged(messages: readonly Buffer[]): Buffer[] {
  const isInsert = (message: Buffer | undefined) => message?.toString('latin1', 0, 1) === 'I'
  return messages.filter(
    (message, index) => !isInsert(message) || !isInsert(messages[index - 1]) || !isInsert(messages[index - 2]),
  )
}

for (const server of await testServers()) {
  const parts: string[] = []
  for (const scenario of scenarios) {
    if ((scenario.since ?? 0) > server.major) continue
    await using database = await createSourceDatabase(server)
    await database.run(tablesSql)
    const messages = await record(database, scenario)
    parts.push(`# ${scenario.name}\n${messages.map((message) => `${message.toString('hex')}\n`).join('')}`)
  }
  await writeFile(capturePath(server.major), parts.join('\n'))
}
// The servers that were started here end with the process.
process.exit()
