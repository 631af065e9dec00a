import type { ErrorEntry } from './error-entry.ts'

/** @eclusa/source-postgres: logical replication. */
export const postgresReplicationErrors = {
  REPLICATION_IDENTITY_MISSING: {
    failureType: 'config_error',
    cause:
      'The table has nothing that tells its rows apart in the log: once it is published, PostgreSQL would refuse every UPDATE and DELETE of it, also those of other applications. It was not published.',
    remedy: 'Give the table a primary key, or ALTER TABLE … REPLICA IDENTITY FULL.',
  },
  REPLICATION_IDENTITY_UNSUITABLE: {
    failureType: 'config_error',
    cause:
      'The log would not say which row was deleted: the replica identity of the table lacks columns of the key. Or the row filter or list of columns in the publication does not agree with it, and UPDATE and DELETE of the table fail for everybody.',
    remedy:
      'Run the SQL of the message: ALTER TABLE … REPLICA IDENTITY DEFAULT (or FULL), or another filter or list. Or choose the columns of the replica identity as key.',
  },
  REPLICATION_LIMIT: {
    failureType: 'config_error',
    cause: 'The server has no replication slot or no walsender left.',
    remedy:
      'Drop slots that nobody needs (`eclusa slots`), or raise max_replication_slots or max_wal_senders and restart the server.',
  },
  REPLICATION_NOT_CONFIGURED: {
    failureType: 'config_error',
    cause: 'The server does not write what logical replication reads: wal_level is not logical.',
    remedy: 'ALTER SYSTEM SET wal_level = logical; then restart the server. Managed servers have a parameter for it.',
  },
  REPLICATION_PRIVILEGE_MISSING: {
    failureType: 'config_error',
    cause: 'The role may not use logical replication.',
    remedy: 'ALTER ROLE … REPLICATION; on managed servers, grant the role that stands for it (rds_replication).',
  },
  REPLICATION_PROTOCOL_VIOLATION: {
    failureType: 'system_error',
    cause: 'The server, or something between it and here, sent what the protocol of logical replication does not know.',
    remedy: 'Connect to PostgreSQL itself; if it persists, report it with the version of the server.',
  },
  REPLICATION_PUBLICATION_CHANGED: {
    failureType: 'transient_error',
    cause:
      'The publication was altered while a run read the log: from there on it may have other rows or columns of a table than the copy of it, or had left it out for a while.',
    remedy: 'Nothing where the run begins again by itself; otherwise run again. The table is copied anew.',
  },
  REPLICATION_PUBLICATION_FORBIDDEN: {
    failureType: 'config_error',
    cause: 'The publication has to be created or changed, and the role may not do that, or is not to.',
    remedy: 'Let its owner, or a superuser, run the SQL of the message.',
  },
  REPLICATION_PUBLICATION_MISSING: {
    failureType: 'config_error',
    cause: 'There is no publication of that name, and it is not to be created.',
    remedy: 'Run the SQL of the message, correct `publication`, or set `manage: true`.',
  },
  REPLICATION_PUBLICATION_UNSUITABLE: {
    failureType: 'config_error',
    cause:
      'Changes of a chosen table do not come in a way that the copy of it can be kept by: as those of another table, of its partitions one by one, or not at all.',
    remedy: 'Run the SQL of the message, or name another publication.',
  },
  REPLICATION_SERVER_CHANGED: {
    failureType: 'config_error',
    cause:
      'The checkpoint belongs to another server or database, or to a past that this server does not share: it was restored from a backup, or failed over to a standby that had not received everything. Changes may be missing or different.',
    remedy: 'Connect to the server of the checkpoint, or run `eclusa resync`: it copies the replicated streams anew.',
  },
  REPLICATION_SLOT_AHEAD: {
    failureType: 'config_error',
    cause:
      'The slot has moved beyond what the warehouse has: another reader used it, or it was dropped and made again. Changes between the two are gone from the log.',
    remedy: 'Give every pipeline a slot of its own, then run `eclusa resync`: it copies the replicated streams anew.',
  },
  REPLICATION_SLOT_IN_USE: {
    failureType: 'transient_error',
    cause: 'Another process reads from the slot: a second run, or the connection of one that has just died.',
    remedy: 'Wait for it to end; a connection that nobody uses ends after wal_sender_timeout.',
  },
  REPLICATION_SLOT_LOST: {
    failureType: 'config_error',
    cause:
      'The server has invalidated the slot and removed log that was not read yet: max_slot_wal_keep_size or idle_replication_slot_timeout was exceeded, or on a standby a conflict arose. Changes are missing.',
    remedy: 'Run `eclusa resync`: it makes the slot anew and copies the replicated streams.',
  },
  REPLICATION_SLOT_MISSING: {
    failureType: 'config_error',
    cause: 'The slot is gone: somebody dropped it, or the server is a restored or promoted one that never had it.',
    remedy: 'Run `eclusa resync`: it makes the slot anew and copies the replicated streams.',
  },
  REPLICATION_SLOT_UNSUITABLE: {
    failureType: 'config_error',
    cause: 'A slot of that name exists, but not for this purpose: it has another plugin, kind or database.',
    remedy: 'Name another `replication_slot`, or drop that one if nobody needs it.',
  },
  REPLICATION_SPILL_FAILED: {
    failureType: 'system_error',
    cause:
      'A large transaction that is not committed yet is kept in a temporary file, and that could not be written or read.',
    remedy:
      'Free space on the disk of the directory for temporary files, or set TMPDIR to a directory with more. The slot keeps all: run again.',
  },
  REPLICATION_STANDBY_BEHIND: {
    failureType: 'transient_error',
    cause:
      'The standby has not replayed its log up to the checkpoint: it was started again a moment ago, does not get on, or was restored from a backup. Whether its log is the one that was read cannot be told yet.',
    remedy:
      'Run again when it has caught up: SELECT pg_last_wal_replay_lsn(). If it never will, because an older state was restored, run `eclusa resync`.',
  },
  REPLICATION_STANDBY_UNSUPPORTED: {
    failureType: 'config_error',
    cause:
      'The server is a standby that cannot be replicated from: that takes PostgreSQL 16, or what was asked for needs the primary.',
    remedy: 'Connect to the primary.',
  },
} as const satisfies Record<string, ErrorEntry>
