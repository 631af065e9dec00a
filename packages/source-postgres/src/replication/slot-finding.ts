import { EclusaError } from '@eclusa/sdk'
import type { CheckFinding } from '@eclusa/sdk'
import { warning } from '../check/finding.ts'
import type { Session } from '../connection/session.ts'
import { quoteLiteral } from '../sql-text.ts'
import { isNearLimit, readRetentionLimit } from './slot.ts'
import type { Slot } from './slot.ts'

/** The slot is to be made by the user. */
export function unmadeSlotError(slot: string): EclusaError {
  return new EclusaError('REPLICATION_SLOT_MISSING', {
    message: `There is no replication slot "${slot}", and \`manage\` is false.`,
    remedy: `SELECT pg_create_logical_replication_slot(${quoteLiteral(slot)}, 'pgoutput');`,
    details: { slot },
  })
}

/** How long the server will keep the log for the slot, where that is too short or too long. */
export async function retentionFindings(session: Session, slot: Slot | undefined): Promise<CheckFinding[]> {
  const limitBytes = await readRetentionLimit(session)
  const subject = 'log that the slot keeps'
  if (limitBytes === undefined) {
    return [
      warning(
        subject,
        'While no run reads from the slot, the server keeps all of its log for it, until the disk is full.',
        "ALTER SYSTEM SET max_slot_wal_keep_size = '50GB'; SELECT pg_reload_conf(); (beyond it the server gives up the slot, and all is copied anew)",
      ),
    ]
  }
  if (slot === undefined || !isNearLimit(slot, limitBytes)) return []
  return [
    warning(
      subject,
      `The server keeps ${slot.retainedBytes} bytes for it, and gives it up beyond ${limitBytes}: changes would be lost.`,
      'Run the pipeline more often, or raise max_slot_wal_keep_size.',
    ),
  ]
}
