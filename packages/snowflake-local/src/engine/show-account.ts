import { isVisible } from '../catalog/privilege.ts'
import type { SessionState } from './session-state.ts'
import { wireTime } from './wire-text.ts'
import { listing } from './listing.ts'
import type { Listing } from './listing.ts'

export function showAccountObjects(session: SessionState, objects: string): Listing {
  const { catalog } = session.engine
  const seen = <Item extends { id: number; owner: string }>(items: readonly Item[]): readonly Item[] =>
    items.filter((item) => isVisible(catalog, session.role, item))
  switch (objects) {
    case 'WAREHOUSES':
      return listing(
        seen(catalog.accountObjects('WAREHOUSE')).map((warehouse) => ({
          name: warehouse.name,
          state: warehouse.suspended ? 'SUSPENDED' : 'STARTED',
          type: 'STANDARD',
          size: warehouse.size,
          is_current: session.warehouse === warehouse.name ? 'Y' : 'N',
          auto_suspend: String(warehouse.autoSuspendS),
          auto_resume: String(warehouse.autoResume),
          created_on: wireTime(warehouse.createdMs),
          owner: warehouse.owner,
          comment: warehouse.comment,
          resource_monitor: warehouse.resourceMonitor ?? 'null',
        })),
        'name state type size is_current auto_suspend auto_resume created_on owner comment resource_monitor'.split(' '),
      )
    case 'ROLES':
      return listing(
        catalog.accountObjects('ROLE').map(({ name, owner, comment, createdMs }) => ({
          created_on: wireTime(createdMs),
          name,
          is_default: 'N',
          is_current: session.role === name ? 'Y' : 'N',
          is_inherited: 'N',
          owner,
          comment,
        })),
        'created_on name is_default is_current is_inherited owner comment'.split(' '),
      )
    case 'USERS':
      return listing(
        catalog.accountObjects('USER').map(({ name, owner, comment, createdMs }) => ({
          name,
          created_on: wireTime(createdMs),
          login_name: name,
          owner,
          comment,
          disabled: 'false',
        })),
        'name created_on login_name owner comment disabled'.split(' '),
      )
    default:
      return listing(
        seen(catalog.accountObjects('RESOURCE MONITOR')).map((monitor) => ({
          name: monitor.name,
          credit_quota: monitor.creditQuota === undefined ? null : monitor.creditQuota.toFixed(2),
          used_credits: '0.00',
          remaining_credits: monitor.creditQuota === undefined ? null : monitor.creditQuota.toFixed(2),
          level: null,
          frequency: monitor.frequency,
          notify_at: percents(monitor.triggers, 'NOTIFY'),
          suspend_at: percents(monitor.triggers, 'SUSPEND'),
          suspend_immediately_at: percents(monitor.triggers, 'SUSPEND_IMMEDIATE'),
          created_on: wireTime(monitor.createdMs),
          owner: monitor.owner,
          comment: monitor.comment,
        })),
        'name credit_quota used_credits remaining_credits level frequency notify_at suspend_at suspend_immediately_at created_on owner comment'.split(
          ' ',
        ),
      )
  }
}

function percents(triggers: readonly { percent: number; action: string }[], action: string): string | null {
  const found = triggers.filter((trigger) => trigger.action === action).map(({ percent }) => `${percent}%`)
  return found.length === 0 ? null : found.join(',')
}
