import { EclusaError } from '@eclusa/sdk'
import type { Session } from '../connection/session.ts'
import type { PostgresType, PostgresTypeKind } from '../postgres-type.ts'

/** A column's type as pg_attribute or a RowDescription has it. */
export interface TypeReference {
  readonly oid: number
  readonly typmod: number
  /** format_type(oid, typmod). */
  readonly formatted: string
}

/** Describes types with everything below them: elements, bases of domains, attributes of composites. */
export interface TypeCatalog {
  describe(reference: TypeReference): PostgresType
}

/**
 * Reads the types of these oids and all that they are made of, in two queries however many there are.
 *
 * @throws POSTGRES_STATEMENT_FAILED, POSTGRES_CONNECTION_LOST, CANCELLED
 */
export async function readTypes(session: Session, oids: ReadonlySet<number>): Promise<TypeCatalog> {
  const attempt = { doing: 'reading the types of columns' }
  const parameters = [[...oids]]
  const types = await session.query<TypeRow>(typesSql, { attempt, parameters })
  const attributes = await session.query<AttributeRow>(attributesSql, {
    attempt,
    parameters: [types.map(({ oid }) => oid)],
  })
  return {
    describe: describer(
      new Map(types.map((type) => [type.oid, type])),
      Map.groupBy(attributes, ({ typeOid }) => typeOid),
    ),
  }
}

interface TypeRow {
  oid: number
  schema: string
  name: string
  typtype: 'b' | 'c' | 'd' | 'e' | 'm' | 'p' | 'r'
  isArray: boolean
  elementOid: number
  delimiter: string
  baseOid: number
  baseTypmod: number
  baseFormatted: string | null
}

interface AttributeRow {
  typeOid: number
  name: string
  oid: number
  typmod: number
  formatted: string
}

// Only a type that its element names as its array is a true array: int2vector and point have elements too, but other
// text and binary forms.
const isArraySql = '(SELECT e.typarray FROM pg_type AS e WHERE e.oid = t.typelem) IS NOT DISTINCT FROM t.oid'

const typesSql = `
  WITH RECURSIVE used (oid) AS (
    SELECT oid FROM unnest($1::oid[]) AS u (oid)
    UNION
    SELECT part.oid
      FROM used
      JOIN pg_type AS t ON t.oid = used.oid
      CROSS JOIN LATERAL (
        SELECT t.typelem WHERE ${isArraySql}
        UNION ALL
        SELECT t.typbasetype WHERE t.typtype = 'd'
        UNION ALL
        SELECT a.atttypid FROM pg_attribute AS a
         WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
      ) AS part (oid)
  )
  SELECT t.oid, n.nspname AS schema, t.typname AS name, t.typtype, ${isArraySql} AS "isArray",
         t.typelem AS "elementOid", t.typdelim AS delimiter,
         t.typbasetype AS "baseOid", t.typtypmod AS "baseTypmod",
         CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END AS "baseFormatted"
    FROM used
    JOIN pg_type AS t ON t.oid = used.oid
    JOIN pg_namespace AS n ON n.oid = t.typnamespace`

const attributesSql = `
  SELECT t.oid AS "typeOid", a.attname AS name, a.atttypid AS oid, a.atttypmod AS typmod,
         format_type(a.atttypid, a.atttypmod) AS formatted
    FROM pg_type AS t
    JOIN pg_attribute AS a ON a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
   WHERE t.oid = ANY ($1::oid[]) AND t.typtype = 'c'
   ORDER BY t.oid, a.attnum`

const kinds: Readonly<Record<TypeRow['typtype'], PostgresTypeKind>> = {
  b: 'base',
  c: 'composite',
  d: 'domain',
  e: 'enum',
  m: 'multirange',
  p: 'pseudo',
  r: 'range',
}

function describer(
  types: ReadonlyMap<number, TypeRow>,
  attributes: ReadonlyMap<number, readonly AttributeRow[]>,
): TypeCatalog['describe'] {
  const describe = ({ oid, typmod, formatted }: TypeReference): PostgresType => {
    const row = types.get(oid)
    if (row === undefined) {
      throw new EclusaError('POSTGRES_TABLE_CHANGED', { message: `The type ${formatted} is there no longer.` })
    }
    const type = { oid, schema: row.schema, name: row.name, formatted, typmod }
    if (row.isArray) {
      const element = { oid: row.elementOid, typmod, formatted: formatted.replace(/\[\]$/u, '') }
      return { ...type, kind: 'array', delimiter: row.delimiter, element: describe(element) }
    }
    if (row.typtype === 'd') {
      const base = { oid: row.baseOid, typmod: row.baseTypmod, formatted: row.baseFormatted ?? '' }
      return { ...type, kind: 'domain', delimiter: row.delimiter, base: describe(base) }
    }
    if (row.typtype === 'c') {
      const fields = (attributes.get(oid) ?? []).map((attribute) => ({
        name: attribute.name,
        type: describe(attribute),
      }))
      return { ...type, kind: 'composite', delimiter: row.delimiter, fields }
    }
    return { ...type, kind: kinds[row.typtype], delimiter: row.delimiter }
  }
  return describe
}
