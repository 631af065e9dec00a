import type { PageFact } from '../site-view/site-data.ts'
import { isRecord } from '../manifest/node-config.ts'
import { isSafeLink } from './markdown.ts'
import { settingText } from './page-settings.ts'
import { fieldOf, textOf } from './site-entries.ts'
import type { SiteEntry } from './site-entries.ts'
import { catalogTable } from './site-index.ts'
import type { SiteScope } from './site-index.ts'

/** What stands under the title of a page, besides what its index entry tells already. */
export function pageFacts(scope: SiteScope, entry: SiteEntry): PageFact[] {
  const text = (label: string, ...path: readonly string[]): PageFact[] => {
    const value = fieldOf(entry, ...path)
    return value === undefined || value === null || value === '' ? [] : [{ label, text: settingText(value) }]
  }
  return [
    ...text('Relation', 'relation_name'),
    ...warehouseFacts(scope, entry),
    ...(entry.resource_type === 'model' ? modelFacts(entry) : []),
    ...(entry.resource_type === 'source' ? sourceFacts(scope, entry) : []),
    ...(entry.resource_type === 'exposure' ? exposureFacts(entry) : []),
    ...(entry.resource_type === 'test' ? text('Severity', 'config', 'severity') : []),
    ...(entry.resource_type === 'unit_test' ? text('Model', 'model') : []),
    ...(isMeasure(entry) ? measureFacts(entry) : []),
    ...groupFacts(scope, entry),
    ...(textOf(entry, 'language') === 'python' ? [{ label: 'Language', text: 'Python' }] : []),
    ...text('Package', 'package_name'),
    ...text('Defined in', 'original_file_path'),
    ...patchFacts(entry),
  ]
}

function warehouseFacts(scope: SiteScope, entry: SiteEntry): PageFact[] {
  const table = catalogTable(scope, entry)
  if (table === undefined) return []
  const { type, owner } = table.metadata
  const facts = [{ label: 'In the warehouse', text: type.toLowerCase().replace('base ', '') }]
  if (owner !== null && owner !== '') facts.push({ label: 'Owner', text: owner })
  for (const { include, label, value } of Object.values(table.stats as Readonly<Record<string, CatalogStatistic>>)) {
    if (include && value !== null) facts.push({ label, text: statisticText(label, value) })
  }
  return facts
}

/** As catalog.json holds it. */
interface CatalogStatistic {
  readonly label: string
  readonly value: unknown
  readonly include: boolean
}

const byteUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

/** Bytes in the unit in which they are read best; other whole numbers with their thousands apart. */
function statisticText(label: string, value: unknown): string {
  const number = typeof value === 'number' ? value : Number.NaN
  if (/size|bytes/iu.test(label) && number >= 0) {
    const unit = Math.min(byteUnits.length - 1, Math.floor(Math.log2(Math.max(number, 1)) / 10))
    const amount = number / 1024 ** unit
    return `${unit === 0 || amount >= 100 ? Math.round(amount) : amount.toFixed(1)} ${byteUnits[unit]}`
  }
  return Number.isSafeInteger(number) ? number.toLocaleString('en') : settingText(value)
}

function modelFacts(entry: SiteEntry): PageFact[] {
  const facts: PageFact[] = []
  const access = textOf(entry, 'access')
  if (access !== undefined && access !== 'protected') facts.push({ label: 'Access', text: access })
  if (fieldOf(entry, 'contract', 'enforced') === true) facts.push({ label: 'Contract', text: 'enforced' })
  const [version, latest] = [fieldOf(entry, 'version'), fieldOf(entry, 'latest_version')]
  if (version !== null && version !== undefined) {
    facts.push({ label: 'Version', text: `${settingText(version)}, latest ${settingText(latest)}` })
  }
  const deprecated = textOf(entry, 'deprecation_date')
  return deprecated === undefined ? facts : [...facts, { label: 'Deprecated from', text: deprecated }]
}

function sourceFacts({ freshness }: SiteScope, entry: SiteEntry): PageFact[] {
  const facts: PageFact[] = []
  const loader = textOf(entry, 'loader')
  if (loader !== undefined) facts.push({ label: 'Loader', text: loader })
  const field = textOf(entry, 'loaded_at_field')
  if (field !== undefined) facts.push({ label: 'Loaded at', text: field })
  for (const level of ['warn', 'error']) {
    const [count, period] = ['count', 'period'].map((key) => fieldOf(entry, 'freshness', `${level}_after`, key))
    if (typeof count === 'number')
      facts.push({ label: `Freshness: ${level} after`, text: `${count} ${String(period)}s` })
  }
  const loadedAt = freshness.get(entry.unique_id)?.max_loaded_at
  return loadedAt === undefined ? facts : [...facts, { label: 'Newest row', text: loadedAt }]
}

function exposureFacts(entry: SiteEntry): PageFact[] {
  const [type, maturity, link] = [textOf(entry, 'type'), textOf(entry, 'maturity'), textOf(entry, 'url')]
  return [
    ...(type === undefined ? [] : [{ label: 'Type', text: type }]),
    ...(maturity === undefined ? [] : [{ label: 'Maturity', text: maturity }]),
    ...ownerFacts(fieldOf(entry, 'owner')),
    ...(link === undefined ? [] : [{ label: 'Address', text: link, ...(isSafeLink(link) ? { link } : {}) }]),
  ]
}

function ownerFacts(owner: unknown): PageFact[] {
  if (!isRecord(owner)) return []
  const email = typeof owner['email'] === 'string' ? owner['email'] : undefined
  const name = typeof owner['name'] === 'string' ? owner['name'] : email
  if (name === undefined) return []
  return [{ label: 'Owner', text: name, ...(email === undefined ? {} : { link: `mailto:${email}` }) }]
}

function groupFacts({ material }: SiteScope, entry: SiteEntry): PageFact[] {
  const name = textOf(entry, 'group')
  if (name === undefined) return []
  const group = Object.values(material.manifest.groups).find((one) => one.name === name)
  const owner = ownerFacts(group?.owner).map((fact) => ({ ...fact, label: 'Owner of the group' }))
  return [{ label: 'Group', text: name }, ...owner]
}

function isMeasure({ resource_type: kind }: SiteEntry): boolean {
  return kind === 'metric' || kind === 'semantic_model' || kind === 'saved_query'
}

const measureKeys = [
  'label',
  'type',
  'type_params',
  'filter',
  'model',
  'entities',
  'dimensions',
  'measures',
  'query_params',
]

function measureFacts(entry: SiteEntry): PageFact[] {
  return measureKeys.flatMap((key) => {
    const text = measureText(fieldOf(entry, key))
    const label = `${key.charAt(0).toUpperCase()}${key.slice(1).replace('_', ' ')}`
    return text === '' ? [] : [{ label, text }]
  })
}

/** A line for every item of a list and every key of a mapping; MetricFlow's keys are mostly without a value. */
function measureText(value: unknown): string {
  if (Array.isArray(value)) return value.map((item) => inlineText(item)).join('\n')
  if (!isRecord(value)) return inlineText(value)
  return keyedTexts(value).join('\n')
}

function inlineText(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (Array.isArray(value)) return value.map((item) => inlineText(item)).join(', ')
  return isRecord(value) ? keyedTexts(value).join(', ') : settingText(value)
}

function keyedTexts(value: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(value).flatMap(([key, item]) => {
    const text = inlineText(item)
    if (text === '') return []
    return [isRecord(item) ? `${key}: (${text})` : `${key}: ${text}`]
  })
}

/** `shop://models/schema.yml`, where that is not the file itself. */
function patchFacts(entry: SiteEntry): PageFact[] {
  const file = textOf(entry, 'patch_path')?.replace(/^[^:]*:\/\//u, '')
  return file === undefined || file === textOf(entry, 'original_file_path')
    ? []
    : [{ label: 'Described in', text: file }]
}
