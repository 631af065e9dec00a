import { hasErrorCode } from '@eclusa/sdk'
import type { Column } from '@eclusa/sdk'
import { codecOf } from '../catalog/stream-column.ts'
import type { SourceColumn, TypePolicy } from '../catalog/stream-column.ts'
import { readTypes } from '../catalog/type-catalog.ts'
import type { TypeCatalog, TypeReference } from '../catalog/type-catalog.ts'
import type { Session } from '../connection/session.ts'
import type { PostgresType } from '../postgres-type.ts'
import type { RelationColumn, RelationMessage } from './pgoutput-message.ts'
import type { ShapeColumn } from './stream-shape.ts'

export interface DescribeOptions {
  readonly policy: TypePolicy
  /** Types that the user asked for in place of the natural ones, by column. */
  readonly overrides: ReadonlyMap<string, Column['type']>
}

interface CatalogRow {
  readonly number: number
  readonly formatted: string
  readonly dimensions: number | null
}

/**
 * Plans columns that came up in the stream. The catalogs are those of now, which may be later than the change: of a column
 * that is gone its dimensions are not known, and a type that is gone is taken as text.
 */
export async function describeColumns(
  session: Session,
  relation: RelationMessage,
  columns: readonly RelationColumn[],
  options: DescribeOptions,
): Promise<Pick<ShapeColumn, 'column' | 'codec'>[]> {
  const attempt = { doing: `looking up new columns of ${relation.schemaName}.${relation.name}` }
  const rows = await session.query<CatalogRow>(catalogSql, {
    attempt,
    parameters: [
      relation.relationId,
      columns.map(({ name }) => name),
      columns.map(({ typeOid }) => typeOid),
      columns.map(({ typmod }) => typmod),
    ],
  })
  const types = await readTypes(session, new Set(columns.map(({ typeOid }) => typeOid)))
  return columns.map(({ name, typeOid, typmod }, index) => {
    const { formatted, dimensions } = rows[index]!
    const type = typeOf(types, { oid: typeOid, typmod, formatted })
    return planStreamed({ name, type, dimensions: dimensions ?? 1, ...plain }, options)
  })
}

// Of partitions the columns are looked up by their own oid, which is the relation's. format_type of an unknown oid is ???.
const catalogSql = `
  SELECT c.number, format_type(c.type, c.typmod) AS formatted,
         (SELECT a.attndims::int FROM pg_attribute AS a
           WHERE a.attrelid = $1 AND a.attname = c.name AND a.atttypid = c.type AND NOT a.attisdropped) AS dimensions
    FROM unnest($2::text[], $3::oid[], $4::int[]) WITH ORDINALITY AS c (name, type, typmod, number)
   ORDER BY c.number`

const plain = { nullable: true, isReadable: true, isDeterministic: true } as const

function typeOf(types: TypeCatalog, reference: TypeReference): PostgresType {
  try {
    return types.describe(reference)
  } catch (error) {
    if (!hasErrorCode(error, 'POSTGRES_TABLE_CHANGED')) throw error
    return { ...reference, kind: 'pseudo', schema: '', name: reference.formatted, delimiter: ',' }
  }
}

/** What the user asked for holds as long as values can be had in that form. */
function planStreamed(
  column: SourceColumn,
  { policy, overrides }: DescribeOptions,
): Pick<ShapeColumn, 'column' | 'codec'> {
  const codec = overriddenCodec(column, policy, overrides.get(column.name)) ?? codecOf(column, policy)
  const { columnType: type, sourceType } = codec
  return { codec, column: { name: column.name, type, nullable: true, sourceType } }
}

function overriddenCodec(column: SourceColumn, policy: TypePolicy, override: Column['type'] | undefined) {
  if (override === undefined) return undefined
  try {
    return codecOf(column, policy, override)
  } catch (error) {
    if (hasErrorCode(error, 'CONFIG_INVALID')) return undefined
    throw error
  }
}
