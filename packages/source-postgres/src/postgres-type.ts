/** pg_type.typtype, except that true arrays (which PostgreSQL files under `b`) are told apart. */
export type PostgresTypeKind = 'base' | 'array' | 'composite' | 'domain' | 'enum' | 'range' | 'multirange' | 'pseudo'

/** A column's type as the source's catalog describes it: everything that decides how its values are decoded. */
export interface PostgresType {
  readonly oid: number
  /** Schema that holds the type; `pg_catalog` for the built-in ones. */
  readonly schema: string
  /** pg_type.typname: `int4`, `_text`, `citext`. */
  readonly name: string
  /** format_type(oid, typmod), as `\d` shows it: `numeric(12,2)`, `character varying(10)[]`. */
  readonly formatted: string
  /** pg_attribute.atttypmod of the column, pg_type.typtypmod of a domain's base; -1 when there is none. */
  readonly typmod: number
  readonly kind: PostgresTypeKind
  /** pg_type.typdelim: what separates values of this type in an array literal. Default: a comma. */
  readonly delimiter?: string
  /** Of an array: the type of its elements, which have the array's typmod. */
  readonly element?: PostgresType
  /** Of a domain: what it restricts, with the domain's typmod. */
  readonly base?: PostgresType
  /** Of a composite: its attributes in order, without dropped ones. */
  readonly fields?: readonly { readonly name: string; readonly type: PostgresType }[]
}
