import type { Dialect } from '@eclusa/warehouse'
import { attributeOf, callObject, equals, reprOf, typeNameOf } from '../jinja/protocol.ts'
import type { HostObject, KeywordArguments } from '../jinja/protocol.ts'
import { reprOfValue, textOf } from '../jinja/python-text.ts'
import { BoundMethod, NativeFunction, functionTable } from '../jinja/signature.ts'
import { OperationError } from '../jinja/template-error.ts'

type Warehouse = Dialect['type']

interface ColumnFacts {
  readonly column: string
  readonly dtype: string
  readonly charSize?: unknown
  readonly numericPrecision?: unknown
  readonly numericScale?: unknown
}

const stringTypes = ['text', 'character varying', 'character', 'varchar']
const floatTypes = ['real', 'float4', 'float', 'double precision', 'float8', 'double']
const integerTypes =
  'smallint integer bigint smallserial serial bigserial int2 int4 int8 serial2 serial4 serial8'.split(' ')
const numericTypes = ['numeric', 'decimal']

const isOneOf = (types: readonly string[], dtype: string) => types.includes(dtype.toLowerCase())

/** The size that dbt takes for a string column whose type has none. */
const stringSizeDefault = 256
/** Snowflake's: 16 MiB. */
const snowflakeStringSize = 16_777_216
/** What Snowflake calls whole numbers is a NUMBER as any. */
const snowflakeNumericTypes = 'int integer bigint smallint tinyint byteint numeric decimal number'.split(' ')

/** dbt's `Column`: a name with the type as the warehouse says it. */
export class ColumnValue implements HostObject {
  readonly column: string
  readonly dtype: string
  readonly char_size: unknown
  readonly numeric_precision: unknown
  readonly numeric_scale: unknown
  readonly #warehouse: Warehouse
  readonly [typeNameOf] = 'Column'

  constructor(facts: ColumnFacts, warehouse: Warehouse) {
    this.column = facts.column
    this.dtype = facts.dtype
    this.char_size = facts.charSize ?? null
    this.numeric_precision = facts.numericPrecision ?? null
    this.numeric_scale = facts.numericScale ?? null
    this.#warehouse = warehouse
  }

  get name(): string {
    return this.column
  }

  get quoted(): string {
    return `"${this.column}"`
  }

  get data_type(): string {
    const { dtype } = this
    if (this.#warehouse === 'postgres' && isUnboundedText(dtype, this.char_size)) return dtype
    if (isOneOf(stringTypes, dtype)) return stringType(this.#stringSize())
    if (isOneOf(this.numericTypes, dtype)) return numericType(dtype, this.numeric_precision, this.numeric_scale)
    return dtype
  }

  /** @internal */
  get numericTypes(): readonly string[] {
    return this.#warehouse === 'snowflake' ? snowflakeNumericTypes : numericTypes
  }

  /** @internal */
  get integerTypes(): readonly string[] {
    return this.#warehouse === 'snowflake' ? [] : integerTypes
  }

  get expanded_data_type(): string {
    return this.data_type
  }

  /** @throws OperationError for a column that holds no text */
  stringSize(): number {
    if (!isOneOf(stringTypes, this.dtype)) {
      throw new OperationError('runtime', 'Called string_size() on non-string field!')
    }
    return this.#stringSize()
  }

  canExpandTo(other: ColumnValue): boolean {
    const bothText = isOneOf(stringTypes, this.dtype) && isOneOf(stringTypes, other.dtype)
    return bothText && other.#stringSize() > this.#stringSize()
  }

  [attributeOf](name: string): unknown {
    const method = columnMethods.get(name)
    return method === undefined ? undefined : new BoundMethod(method, this)
  }

  [equals](other: unknown): boolean {
    return (
      other instanceof ColumnValue &&
      this.column === other.column &&
      this.dtype === other.dtype &&
      this.data_type === other.data_type
    )
  }

  toString(): string {
    return `<Column ${this.column} (${this.data_type})>`
  }

  [reprOf](): string {
    const { column, dtype, char_size: size, numeric_precision: precision, numeric_scale: scale } = this
    const facts = { column, dtype, char_size: size, numeric_precision: precision, numeric_scale: scale }
    return `Column(${Object.entries(facts)
      .map(([key, value]) => `${key}=${reprOfValue(value)}`)
      .join(', ')})`
  }

  #stringSize(): number {
    const unknown = this.#warehouse === 'snowflake' ? snowflakeStringSize : stringSizeDefault
    return this.dtype.toLowerCase() === 'text' || this.char_size == null ? unknown : Number(this.char_size)
  }
}

function isUnboundedText(dtype: string, size: unknown): boolean {
  const type = dtype.toLowerCase()
  return type === 'text' || (type === 'character varying' && size === null)
}

function stringType(size: unknown): string {
  return `character varying(${textOf(size)})`
}

function numericType(dtype: string, precision: unknown, scale: unknown): string {
  return precision == null || scale == null ? dtype : `${dtype}(${textOf(precision)},${textOf(scale)})`
}

/** dbt's names of types that every warehouse understands; what is no label stays as it is. */
function translateType(label: string): string {
  return label.toUpperCase() === 'STRING' ? 'TEXT' : label
}

const is = (name: string, types: readonly string[]) =>
  new NativeFunction(name, '', (self: ColumnValue) => isOneOf(types, self.dtype))

const columnMethods = functionTable(
  is('is_string', stringTypes),
  is('is_float', floatTypes),
  new NativeFunction('is_integer', '', (self: ColumnValue) => isOneOf(self.integerTypes, self.dtype)),
  new NativeFunction('is_numeric', '', (self: ColumnValue) => isOneOf(self.numericTypes, self.dtype)),
  new NativeFunction('is_number', '', (self: ColumnValue) =>
    isOneOf([...self.integerTypes, ...self.numericTypes, ...floatTypes], self.dtype),
  ),
  new NativeFunction('string_size', '', (self: ColumnValue) => self.stringSize()),
  new NativeFunction('can_expand_to', 'other_column', (self: ColumnValue, other: ColumnValue) =>
    self.canExpandTo(other),
  ),
  new NativeFunction('literal', 'value', (self: ColumnValue, value: unknown) => `${textOf(value)}::${self.data_type}`),
  new NativeFunction('string_type', 'size', (_self: ColumnValue, size: unknown) => stringType(size)),
  new NativeFunction(
    'numeric_type',
    'dtype precision scale',
    (_self: ColumnValue, dtype: unknown, precision: unknown, scale: unknown) =>
      numericType(textOf(dtype), precision, scale),
  ),
  new NativeFunction('translate_type', 'dtype', (_self: ColumnValue, dtype: unknown) => translateType(textOf(dtype))),
)

/** `api.Column`: makes columns, and has what belongs to no column in particular. */
export class ColumnClass implements HostObject {
  readonly #warehouse: Warehouse
  readonly #make: NativeFunction
  readonly #methods: ReadonlyMap<string, NativeFunction>
  readonly [typeNameOf] = 'type'

  constructor(warehouse: Warehouse) {
    this.#warehouse = warehouse
    const of = (facts: ColumnFacts) => new ColumnValue(facts, this.#warehouse)
    this.#make = new NativeFunction(
      'Column',
      'column dtype char_size? numeric_precision? numeric_scale?',
      (column: unknown, dtype: unknown, charSize: unknown, numericPrecision: unknown, numericScale: unknown) =>
        of({ column: textOf(column), dtype: textOf(dtype), charSize, numericPrecision, numericScale }),
    )
    this.#methods = functionTable(
      new NativeFunction('translate_type', 'dtype', (dtype: unknown) => translateType(textOf(dtype))),
      new NativeFunction('string_type', 'size', stringType),
      new NativeFunction('numeric_type', 'dtype precision scale', (dtype: unknown, ...rest: [unknown, unknown]) =>
        numericType(textOf(dtype), ...rest),
      ),
      new NativeFunction('create', 'name label_or_dtype', (name: unknown, label: unknown) =>
        of({ column: textOf(name), dtype: translateType(textOf(label)) }),
      ),
      new NativeFunction('from_description', 'name raw_data_type', (name: unknown, type: unknown) =>
        of(describedColumn(textOf(name), textOf(type))),
      ),
    )
  }

  [callObject](args: readonly unknown[], kwargs: KeywordArguments): unknown {
    return this.#make[callObject](args, kwargs)
  }

  [attributeOf](name: string): unknown {
    return this.#methods.get(name)
  }
}

/** The parts of a type as catalogs write it: `numeric(10,2)`. */
function describedColumn(column: string, rawType: string): ColumnFacts {
  const match = /^([^(]+)(?:\(([^)]+)\))?/u.exec(rawType)
  if (match === null) throw new OperationError('runtime', `Could not interpret data type "${rawType}"`)
  const [, dtype, sizes] = match
  const numbers = (sizes ?? '').split(',').filter((size) => size !== '')
  if (numbers.some((size) => !/^\s*-?\d+\s*$/u.test(size))) {
    throw new OperationError('runtime', `Could not interpret data_type "${rawType}": its size is no integer`)
  }
  const [first, second] = numbers.map(Number)
  if (first === undefined) return { column, dtype: dtype! }
  return second === undefined
    ? { column, dtype: dtype!, charSize: first }
    : { column, dtype: dtype!, numericPrecision: first, numericScale: second }
}
