import type { Dialect, RelationKind } from '@eclusa/warehouse'
import { attributeOf, equals, isMapping, reprOf, typeNameOf } from '../jinja/protocol.ts'
import type { HostObject } from '../jinja/protocol.ts'
import { isTrue } from '../jinja/python-object.ts'
import { textOf } from '../jinja/python-text.ts'
import { BoundMethod, NativeFunction, functionTable } from '../jinja/signature.ts'
import { OperationError } from '../jinja/template-error.ts'
import { isRecord } from '../manifest/node-config.ts'
import type { NodeRelation } from '../manifest/node.ts'
import { plainValue } from '../python/plain-value.ts'
import { materializedViewChanges } from './materialized-view-changes.ts'

type Part = 'database' | 'schema' | 'identifier'
const parts: readonly Part[] = ['database', 'schema', 'identifier']

export type RelationPath = Readonly<Record<Part, string | null>>
/** Which parts of a name are quoted, or are shown at all. */
export type RelationPolicy = Readonly<Record<Part, boolean>>

export type RelationType = RelationKind | 'cte' | 'external' | 'function' | 'dynamic_table'

/** A window of a microbatch: rows before `end`, from `start` on. */
export interface EventTimeFilter {
  readonly field: string
  readonly start?: string
  readonly end?: string
}

interface RelationFacts {
  readonly path: RelationPath
  readonly type: RelationType | null
  readonly quotePolicy: RelationPolicy
  readonly includePolicy: RelationPolicy
  /** Reads so many rows at most; 0 for `--empty`. */
  readonly limit?: number
  readonly eventTime?: EventTimeFilter
  /** What is printed in the place of the name: files, or a function that reads them. */
  readonly external?: string
}

const everyPart: RelationPolicy = { database: true, schema: true, identifier: true }

/** What dbt's adapters say of their relations. */
const adapterFacts: Readonly<
  Record<
    Dialect['type'],
    { className: string; renameable: readonly RelationType[]; replaceable: readonly RelationType[] }
  >
> = {
  duckdb: { className: 'DuckDBRelation', renameable: [], replaceable: [] },
  postgres: {
    className: 'PostgresRelation',
    // Another materialized view that reads it would be dropped with the old one, and be missing when its turn comes.
    renameable: ['view', 'table'],
    replaceable: ['view', 'table'],
  },
  snowflake: {
    className: 'SnowflakeRelation',
    renameable: ['table', 'view', 'dynamic_table'],
    replaceable: ['dynamic_table', 'table', 'view'],
  },
}

/**
 * dbt's `Relation`: prints as its quoted name, is a mapping for `dbt_utils`, and never changes: `include`, `quote` and
 * `incorporate` give new ones.
 */
export class RelationValue implements HostObject {
  readonly #facts: RelationFacts
  readonly #dialect: Dialect
  readonly [isMapping] = true

  constructor(facts: Partial<RelationFacts> & { readonly path: RelationPath }, dialect: Dialect) {
    this.#facts = { type: null, quotePolicy: everyPart, includePolicy: everyPart, ...facts }
    this.#dialect = dialect
    this.#checkLength()
  }

  get [typeNameOf](): string {
    return adapterFacts[this.#dialect.type].className
  }

  get path(): RelationPath {
    return this.#facts.path
  }

  get database(): string | null {
    return this.path.database
  }

  get schema(): string | null {
    return this.path.schema
  }

  get identifier(): string | null {
    return this.path.identifier
  }

  get name(): string | null {
    return this.identifier
  }

  get table(): string | null {
    return this.identifier
  }

  get type(): RelationType | null {
    return this.#facts.type
  }

  get is_table(): boolean {
    return this.type === 'table'
  }

  get is_view(): boolean {
    return this.type === 'view'
  }

  get is_cte(): boolean {
    return this.type === 'cte'
  }

  /** Macros of all warehouses ask for this; in Snowflake dbt means its dynamic tables by it. */
  get is_materialized_view(): boolean {
    return this.type === 'materialized_view' || this.is_dynamic_table
  }

  get is_dynamic_table(): boolean {
    return this.type === 'dynamic_table'
  }

  get is_function(): boolean {
    return this.type === 'function'
  }

  // The names of types, which macros read of any relation: `this.incorporate(type=this.View)`.
  readonly Table = 'table'
  readonly View = 'view'
  readonly CTE = 'cte'
  readonly MaterializedView = 'materialized_view'
  readonly External = 'external'
  readonly Function = 'function'
  readonly DynamicTable = 'dynamic_table'

  get is_pointer(): boolean {
    return false
  }

  get can_be_renamed(): boolean {
    return this.type !== null && adapterFacts[this.#dialect.type].renameable.includes(this.type)
  }

  get can_be_replaced(): boolean {
    return this.type !== null && adapterFacts[this.#dialect.type].replaceable.includes(this.type)
  }

  get quote_policy(): RelationPolicy {
    return this.#facts.quotePolicy
  }

  get include_policy(): RelationPolicy {
    return this.#facts.includePolicy
  }

  get quote_character(): string {
    return '"'
  }

  /** The name alone, whatever is read of it. */
  render(): string {
    const { path, quotePolicy, includePolicy, external } = this.#facts
    if (external !== undefined) return external
    return parts
      .filter((part) => includePolicy[part] && path[part] !== null)
      .map((part) => (quotePolicy[part] ? quoted(path[part]!) : path[part]!))
      .join('.')
  }

  /** The name, or a subquery that reads a part of it. */
  toString(): string {
    const { limit, eventTime } = this.#facts
    let text = this.render()
    if (limit !== undefined) {
      const bound = limit === 0 ? 'where false limit 0' : `limit ${limit}`
      text = `(select * from ${text} ${bound})${this.#subqueryAlias('limit')}`
    }
    const condition = eventTime === undefined ? '' : eventTimeCondition(eventTime, this.#dialect.type)
    return condition === '' ? text : `(select * from ${text} where ${condition})${this.#subqueryAlias('et_filter')}`
  }

  /** `"database".information_schema`, of which `view` is one: the catalog's are the same whatever the own schema is. */
  informationSchema(view: string | null = null): RelationValue {
    return this.with({
      path: { database: this.database, schema: 'INFORMATION_SCHEMA', identifier: view },
      type: null,
      quotePolicy: { ...this.quote_policy, schema: false, identifier: false },
      includePolicy: { database: this.include_policy.database, schema: true, identifier: view !== null },
    })
  }

  with(changes: Partial<RelationFacts>): RelationValue {
    return new RelationValue({ ...this.#facts, ...changes }, this.#dialect)
  }

  withPath(path: Partial<RelationPath>): RelationValue {
    return this.with({ path: { ...this.path, ...path } })
  }

  /** The whole relation as it is known to others: without limits, windows and policies of rendering. */
  equalsRelation(other: RelationValue): boolean {
    return parts.every((part) => this.path[part] === other.path[part]) && this.type === other.type
  }

  [attributeOf](name: string): unknown {
    const method = relationMethods.get(name)
    return method === undefined ? undefined : new BoundMethod(method, this)
  }

  [equals](other: unknown): boolean {
    return other instanceof RelationValue && this.equalsRelation(other) && this.toString() === other.toString()
  }

  [reprOf](): string {
    return `<${this[typeNameOf]} ${this.render()}>`
  }

  /** DuckDB needs no name for a subquery; a name of ours would forbid the user's own. */
  #subqueryAlias(namespace: string): string {
    return this.#dialect.type === 'postgres' ? ` _dbt_${namespace}_subq_${this.table}` : ''
  }

  /** PostgreSQL would cut the name without a word, so that two relations might become one. */
  #checkLength(): void {
    const { path, type } = this.#facts
    const max = this.#dialect.identifierBytesMax
    if (max === undefined || path.identifier === null || type === null || type === 'cte') return
    if (Buffer.byteLength(path.identifier) > max)
      throw new OperationError('runtime', `Relation name '${path.identifier}' is longer than ${max} characters`)
  }

  /** @internal */
  get maxNameLength(): number {
    return this.#dialect.identifierBytesMax ?? 127
  }
}

function eventTimeCondition({ field, start, end }: EventTimeFilter, warehouse: Dialect['type']): string {
  const time = (text: string) => (warehouse === 'snowflake' ? `to_timestamp_tz('${text}')` : `'${text}'`)
  const from = start === undefined ? [] : [`${field} >= ${time(start)}`]
  const to = end === undefined ? [] : [`${field} < ${time(end)}`]
  return [...from, ...to].join(' and ')
}

/** As dbt quotes: any name, however long. A name that is too long is refused where something is made of it. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

const textOrNull = (value: unknown): string | null => (value == null ? null : textOf(value))

function policyOf(policy: RelationPolicy, values: readonly unknown[]): RelationPolicy {
  const [database, schema, identifier] = values.map((value) => (value == null ? undefined : isTrue(value)))
  return {
    database: database ?? policy.database,
    schema: schema ?? policy.schema,
    identifier: identifier ?? policy.identifier,
  }
}

function pathOf(value: unknown): Partial<RelationPath> {
  const plain = plainValue(value)
  if (!isRecord(plain)) return {}
  return Object.fromEntries(
    parts.filter((part) => part in plain).map((part) => [part, textOrNull(plain[part])]),
  ) as Partial<RelationPath>
}

const relationMethods = functionTable(
  new NativeFunction('render', '', (self: RelationValue) => self.render()),
  new NativeFunction('include', 'database? schema? identifier?', (self: RelationValue, ...values: unknown[]) =>
    self.with({ includePolicy: policyOf(self.include_policy, values) }),
  ),
  new NativeFunction('quote', 'database? schema? identifier?', (self: RelationValue, ...values: unknown[]) =>
    self.with({ quotePolicy: policyOf(self.quote_policy, values) }),
  ),
  new NativeFunction(
    'incorporate',
    'path? type? include_policy? quote_policy?',
    (self: RelationValue, path: unknown, type: unknown, include: unknown, quote: unknown) =>
      self.with({
        path: { ...self.path, ...pathOf(path) },
        ...(type === undefined ? {} : { type: textOrNull(type) as RelationType | null }),
        ...(include == null ? {} : { includePolicy: { ...self.include_policy, ...(plainValue(include) as object) } }),
        ...(quote == null ? {} : { quotePolicy: { ...self.quote_policy, ...(plainValue(quote) as object) } }),
      }),
  ),
  new NativeFunction('replace_path', 'database? schema? identifier?', (self: RelationValue, ...values: unknown[]) =>
    self.withPath(
      Object.fromEntries(
        parts.flatMap((part, index) => (values[index] === undefined ? [] : [[part, textOrNull(values[index])]])),
      ),
    ),
  ),
  new NativeFunction('without_identifier', '', (self: RelationValue) =>
    self.with({
      path: { ...self.path, identifier: null },
      includePolicy: { ...self.include_policy, identifier: false },
    }),
  ),
  new NativeFunction('information_schema', 'view_name?', (self: RelationValue, view: unknown) =>
    self.informationSchema(textOrNull(view)),
  ),
  new NativeFunction('information_schema_only', '', (self: RelationValue) => self.informationSchema()),
  new NativeFunction('get', 'key default?', (self: RelationValue, key: unknown, fallback: unknown) => {
    const name = textOf(key)
    if (name === 'metadata') return { type: self[typeNameOf] }
    const value = (self as unknown as Readonly<Record<string, unknown>>)[name]
    return value === undefined || typeof value === 'function' ? (fallback ?? null) : value
  }),
  new NativeFunction(
    'get_materialized_view_config_change_collection',
    'relation_results relation_config',
    (_self: RelationValue, described: unknown, model: unknown) => materializedViewChanges(described, model),
  ),
  new NativeFunction('relation_max_name_length', '', (self: RelationValue) => self.maxNameLength),
  new NativeFunction('add_ephemeral_prefix', 'name', (_self: RelationValue, name: unknown) =>
    ephemeralName(textOf(name)),
  ),
  new NativeFunction('quoted', 'identifier', (_self: RelationValue, name: unknown) => `"${textOf(name)}"`),
  new NativeFunction('matches', 'database? schema? identifier?', (self: RelationValue, ...values: unknown[]) => {
    if (values.every((value) => value == null))
      throw new OperationError('runtime', 'Tried to match relation, but no search path was passed!')
    return parts.every((part, index) => values[index] == null || self.path[part] === textOf(values[index]))
  }),
)

/** The relation of a node, whatever its name is quoted like. */
export function relationValue(
  relation: NodeRelation,
  dialect: Dialect,
  facts: Omit<Partial<RelationFacts>, 'path'> = {},
): RelationValue {
  const { database, schema, identifier } = relation
  return new RelationValue({ path: { database, schema, identifier }, ...facts }, dialect)
}

/** An ephemeral model where it is referred to: the name of the common table expression that will hold it. */
export function ephemeralValue(name: string, dialect: Dialect): RelationValue {
  const path = { database: null, schema: null, identifier: ephemeralName(name) }
  return new RelationValue({ path, type: 'cte', quotePolicy: { ...everyPart, identifier: false } }, dialect)
}

/** dbt's name for the common table expression of an ephemeral model. */
export function ephemeralName(model: string): string {
  return `__dbt__cte__${model}`
}
