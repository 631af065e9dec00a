import type { Session } from '../connection/session.ts'

/** Prefix of the messages that this source writes into the log. */
export const messagePrefix = 'eclusa'

/**
 * Writes a message into the log, which the slot sends like a change: with nothing else to send, it shows how far the log
 * has been read. It belongs to no transaction and changes no table. Not on a standby, which writes no log.
 */
export async function emitHeartbeat(session: Session): Promise<void> {
  await session.query(`SELECT pg_catalog.pg_logical_emit_message(false, '${messagePrefix}', '')`, {
    attempt: { doing: 'writing a heartbeat into the log' },
  })
}
