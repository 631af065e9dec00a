import type { CatalogColumn } from '../artifact/catalog.ts'
import type { ColumnInfo, Constraint } from '../manifest/node.ts'
import type { PageColumn } from '../site-view/site-data.ts'
import { settingsOf } from './page-settings.ts'
import { fieldOf, textOf } from './site-entries.ts'
import type { SiteEntry } from './site-entries.ts'
import { catalogTable, filled, positionsOf, withoutAbsent } from './site-index.ts'
import type { SiteScope } from './site-index.ts'

/**
 * The columns of an entry: those of the warehouse in its order, then those that only the properties know. Names are
 * compared whatever their case, as warehouses do with names that are not quoted.
 */
export function pageColumns(scope: SiteScope, entry: SiteEntry): PageColumn[] {
  const described = fieldOf(entry, 'columns') as Readonly<Record<string, ColumnInfo>> | undefined
  const infos = new Map(Object.values(described ?? {}).map((column) => [column.name.toLowerCase(), column]))
  const table = catalogTable(scope, entry)
  const inWarehouse = Object.values(table?.columns ?? {}).toSorted((a, b) => a.index - b.index)
  const known = new Set(inWarehouse.map(({ name }) => name.toLowerCase()))
  const onlyDescribed = [...infos].filter(([name]) => !known.has(name))
  const tests = testsByColumn(scope, entry)
  const column = (name: string, found: { info?: ColumnInfo | undefined; actual?: CatalogColumn }) =>
    pageColumn(scope, { name, hasTable: table !== undefined, tests: tests.get(name.toLowerCase()), ...found })
  return [
    ...inWarehouse.map((actual) => column(actual.name, { info: infos.get(actual.name.toLowerCase()), actual })),
    ...onlyDescribed.map(([, info]) => column(info.name, { info })),
  ]
}

interface FoundColumn {
  readonly name: string
  readonly hasTable: boolean
  readonly info?: ColumnInfo | undefined
  readonly actual?: CatalogColumn
  readonly tests: readonly string[] | undefined
}

function pageColumn(scope: SiteScope, { name, hasTable, info, actual, tests }: FoundColumn): PageColumn {
  return withoutAbsent<PageColumn>({
    name,
    type: actual?.type ?? info?.data_type ?? undefined,
    isMissing: hasTable && actual === undefined ? true : undefined,
    description: scope.markdown.render(info?.description) ?? scope.markdown.render(actual?.comment),
    tags: filled(info?.tags),
    meta: filled(settingsOf(info?.meta)),
    constraints: filled(info?.constraints?.map(constraintText)),
    tests: filled(positionsOf(scope, tests ?? [])),
  })
}

function testsByColumn({ tests }: SiteScope, entry: SiteEntry): ReadonlyMap<string, string[]> {
  const byColumn = new Map<string, string[]>()
  for (const test of tests.get(entry.unique_id) ?? []) {
    // A name that is quoted in the properties is the same column.
    const column = textOf(test, 'column_name')
      ?.replaceAll(/^["`]|["`]$/gu, '')
      .toLowerCase()
    if (column !== undefined) byColumn.set(column, [...(byColumn.get(column) ?? []), test.unique_id])
  }
  return byColumn
}

/** `primary key (id)`, `check (amount > 0)`. */
export function constraintText({ type, expression, columns, to, to_columns: toColumns }: Constraint): string {
  const names = columns === undefined || columns.length === 0 ? '' : ` (${columns.join(', ')})`
  const target = to ? ` references ${to} (${(toColumns ?? []).join(', ')})` : ''
  const detail = expression ? (type === 'check' ? ` (${expression})` : ` ${expression}`) : ''
  return `${type.replaceAll('_', ' ')}${names}${target}${detail}`
}
