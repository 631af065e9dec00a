import { configDefaults } from '../manifest/config-defaults.ts'
import type { ConfiguredKind } from '../manifest/config-defaults.ts'
import { isRecord } from '../manifest/node-config.ts'
import type { PageSetting } from '../site-view/site-data.ts'
import { fieldOf } from './site-entries.ts'
import type { SiteEntry } from './site-entries.ts'

const configurable = new Set(['model', 'seed', 'snapshot', 'analysis', 'test', 'source', 'exposure', 'unit_test'])
/** Shown elsewhere on the page. */
const shownElsewhere = new Set(['tags', 'meta', 'docs', 'enabled', 'group', 'access', 'materialized', 'description'])

/** The configuration of an entry, without what is nothing but dbt's default. */
export function configSettings(entry: SiteEntry): PageSetting[] {
  const config = fieldOf(entry, 'config')
  const { resource_type: kind } = entry
  const defaults = configurable.has(kind) ? configDefaults(kind as ConfiguredKind) : {}
  const isUsual = (key: string, value: unknown) => JSON.stringify(value) === JSON.stringify(defaults[key])
  return settingsOf(config).filter(([key]) => {
    const value = (config as Readonly<Record<string, unknown>>)[key]
    return !shownElsewhere.has(key) && !isUsual(key, value)
  })
}

/** The members of a mapping as texts: a text as it is, everything else as JSON. Without those that say nothing. */
export function settingsOf(mapping: unknown): PageSetting[] {
  if (!isRecord(mapping)) return []
  return Object.entries(mapping).flatMap(([key, value]): PageSetting[] =>
    isEmpty(value) ? [] : [[key, settingText(value)]],
  )
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === '') return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

export function settingText(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value) && value.every((item) => typeof item === 'string' || typeof item === 'number')) {
    return value.join(', ')
  }
  const text = JSON.stringify(value) ?? ''
  return text.length > 80 ? JSON.stringify(value, null, 2) : text
}
