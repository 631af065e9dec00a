import fc from 'fast-check'

/*
 * Every kind of type with texts that PostgreSQL reads as values of it. The texts are only input: what a value prints
 * as is PostgreSQL's to say.
 */

export interface TypeSample {
  /** As in CREATE TABLE. */
  readonly type: string
  readonly texts: fc.Arbitrary<string>
  /** First major version that has the type, or these values. */
  readonly since?: number
  /** Extension that defines the type. */
  readonly extension?: string
}

/** Types made for the tests, in the order of their dependence. */
export const typeDefinitionsSql = `
  CREATE TYPE mood AS ENUM ('sad', 'ok', 'very "happy"', 'a,b', 'NULL', '', 'größer');
  CREATE DOMAIN positive AS int CHECK (VALUE > 0);
  CREATE DOMAIN price AS numeric(12, 4);
  CREATE DOMAIN words AS text[];
  CREATE TYPE inner_pair AS (number int, "a ""quoted"" name" text);
  CREATE TYPE everything AS (
    i int8, n numeric, f float8, b bool, t text, d date, ts timestamptz, j json, jb jsonb,
    list int[], matrix text[], nested inner_pair, many inner_pair[], m mood, p positive, by bytea, r int4range);
  CREATE DOMAIN pair_domain AS inner_pair;
  CREATE TYPE point_range AS RANGE (subtype = float8);
`

const int = (min: bigint, max: bigint) => fc.bigInt({ min, max }).map(String)
const int64Max = 2n ** 63n - 1n

const digits = (max: number) =>
  fc.string({ unit: fc.constantFrom(...Array.from('0123456789')), minLength: 1, maxLength: max })
const sign = fc.constantFrom('', '-')
/** Digits as they come: also leading and trailing zeros. */
const number = (whole: number, fraction: number) =>
  fc
    .tuple(sign, whole === 0 ? fc.constant('0') : digits(whole), fraction === 0 ? fc.constant('') : digits(fraction))
    .map(([minus, before, after]) => `${minus}${before}.${after}`)
/** numeric(p, s) with a scale below zero. */
const thousands = (whole: number) => fc.tuple(sign, digits(whole)).map(([minus, before]) => `${minus}${before}000`)

const float = fc.oneof(
  fc.double().map((value) => (Object.is(value, -0) ? '-0' : String(value))),
  fc.constantFrom('NaN', 'Infinity', '-Infinity', '-0', '5e-324', '1.7976931348623157e308', '1e23', '9007199254740993'),
)
const smallFloat = fc.oneof(
  fc.float().map((value) => (Object.is(value, -0) ? '-0' : String(value))),
  fc.constantFrom('NaN', 'Infinity', '-Infinity', '-0', '1e-45', '3.4028235e38', '8388609', '16777216'),
)

/** Everything but NUL, which PostgreSQL cannot hold: controls, quotes, 4-byte characters, U+FFFF. */
const character = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }) },
  { weight: 2, arbitrary: fc.constantFrom(...Array.from('\r\n\t\\"\'{}(),; \uffff😀é\u0301א'), '\\N', '\\.') },
  { weight: 4, arbitrary: fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 1 }) },
)
const text = (max: number) => fc.string({ unit: character.filter((unit) => !unit.includes('\0')), maxLength: max })
const fitting = (length: number) => text(length).map((value) => Array.from(value).slice(0, length).join(''))

const daysMin = -2_451_545n
const date = fc.oneof(
  int(daysMin, 2_145_031_948n).map((days) => `J${BigInt(days) + 2_451_545n}`),
  int(-40_000n, 40_000n).map((days) => `J${BigInt(days) + 2_451_545n}`),
  fc.constantFrom(
    'infinity',
    '-infinity',
    '4713-11-24 BC',
    '5874897-12-31',
    '0001-01-01',
    '0001-12-31 BC',
    '2000-02-29',
  ),
)
const clock = fc
  .tuple(fc.nat(23), fc.nat(59), fc.nat(59), fc.nat(999_999))
  .map(([hour, minute, second, us]) => `${hour}:${minute}:${second}.${String(us).padStart(6, '0')}`)
const time = fc.oneof(clock, fc.constantFrom('24:00:00', '00:00:00', '00:00:00.000249', '23:59:59.999999'))
const offset = fc
  .tuple(fc.constantFrom('+', '-'), fc.nat(15), fc.nat(59), fc.nat(59))
  .map(([east, hour, minute, second]) => `${east}${hour}:${minute}:${second}`)
const timestamp = fc.oneof(
  fc.tuple(int(-2_451_545n + 200n, 106_741_000n), clock).map(([days, at]) => `J${BigInt(days) + 2_451_545n} ${at}`),
  fc.tuple(int(-60_000n, 60_000n), clock).map(([days, at]) => `J${BigInt(days) + 2_451_545n} ${at}`),
  fc.constantFrom(
    'infinity',
    '-infinity',
    '4713-11-24 00:00:00 BC',
    '294247-01-10 04:00:54.775805',
    '294247-01-10 04:00:54.775806',
    '294247-01-10 04:00:54.775807',
    '294247-01-10 04:00:54.775808',
    '294276-12-31 23:59:59.999999',
    '1970-01-01 00:00:00',
    '1969-12-31 23:59:59.999999',
  ),
)
const zoned = fc.oneof(
  timestamp,
  fc
    .tuple(int(-60_000n, 60_000n), clock, offset)
    .map(([days, at, east]) => `J${BigInt(days) + 2_451_545n} ${at}${east}`),
)
const interval = fc.oneof(
  fc
    .tuple(int(-2_000_000_000n, 2_000_000_000n), int(-(2n ** 31n), 2n ** 31n - 1n), int(-int64Max, int64Max))
    .map(([months, days, us]) => `${months} mons ${days} days ${us} us`),
  fc
    .tuple(fc.integer({ min: -30, max: 30 }), fc.integer({ min: -3, max: 3 }), fc.integer({ min: -9e9, max: 9e9 }))
    .map(([months, days, us]) => `${months} mons ${days} days ${us} us`),
  fc.constantFrom('0', '-0.000001 s', '1 year -1 mon', '-178000000 years', '2562047788:00:54.775807'),
)
const octets = fc.uint8Array({ minLength: 4, maxLength: 4 })
const groups = fc.array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 })
const ipv4 = octets.map((bytes) => [...bytes].join('.'))
const ipv6 = fc.oneof(
  groups.map((words) => words.map((word) => word.toString(16)).join(':')),
  fc.constantFrom('::', '::1', '::2', '::ffff:1.2.3.4', '::1.2.3.4', '1::', 'fe80::1', '::fffe:1.2.3.4', '0:0:1::'),
)
const inet = fc.oneof(
  fc.tuple(ipv4, fc.option(fc.nat(32))).map(([address, mask]) => address + (mask === null ? '' : `/${mask}`)),
  fc.tuple(ipv6, fc.option(fc.nat(128))).map(([address, mask]) => address + (mask === null ? '' : `/${mask}`)),
)
const cidr = fc.oneof(
  fc.tuple(octets, fc.nat(4)).map(([bytes, kept]) => `${[...bytes].fill(0, kept).join('.')}/${kept * 8}`),
  fc.tuple(groups, fc.nat(8)).map(
    ([words, kept]) =>
      `${words
        .fill(0, kept)
        .map((w) => w.toString(16))
        .join(':')}/${kept * 16}`,
  ),
)
const hex = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((b) => Buffer.from(b).toString('hex'))
const bits = (min: number, max: number) =>
  fc.string({ unit: fc.constantFrom('0', '1'), minLength: min, maxLength: max })
const json = fc.oneof(
  fc.json().filter((value) => !value.includes('\\u0000')),
  fc.constantFrom(
    '{"b":1,"a":2,"a":3}',
    '  [1, 2 ,\t3]\n',
    '1e400',
    '123456789012345678901234567890.5000',
    'null',
    '""',
    '"\\ud83d\\ude00"',
    '{"a":{"b":[]}}',
  ),
)
const coordinate = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.constantFrom('1e24', 'NaN', 'Infinity'),
)
const finite = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }).map(String)
const point = fc.tuple(coordinate, coordinate).map(([x, y]) => `(${x},${y})`)
const finitePoint = fc.tuple(finite, finite).map(([x, y]) => `(${x},${y})`)

/** A range over values that are in order as they are. */
function range(bounds: fc.Arbitrary<readonly [string, string]>): fc.Arbitrary<string> {
  const open = fc.constantFrom('[', '(')
  const close = fc.constantFrom(']', ')')
  const bound = (value: string, isThere: boolean) => (isThere ? `"${value}"` : '')
  return fc.oneof(
    fc.constant('empty'),
    fc
      .tuple(open, bounds, fc.boolean(), fc.boolean(), close)
      .map(
        ([left, [low, high], hasLow, hasHigh, right]) => `${left}${bound(low, hasLow)},${bound(high, hasHigh)}${right}`,
      ),
  )
}
const intBounds = fc
  .tuple(fc.integer({ min: -1e6, max: 1e6 }), fc.nat(1000))
  .map(([low, size]) => [String(low), String(low + size)] as const)
const dateBounds = fc
  .tuple(fc.integer({ min: 0, max: 4_000_000 }), fc.nat(1000))
  .map(([low, size]) => [`J${low}`, `J${low + size}`] as const)
const numberBounds = intBounds.map(([low, high]) => [`${Number(low) - 1}.50`, `${high}.75`] as const)

export function quoteElement(value: string | null): string {
  return value === null ? 'NULL' : `"${value.replaceAll(/["\\]/g, '\\$&')}"`
}

/** A one-dimensional array literal with null elements, now and then with other bounds. */
export function arrayOf(element: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .tuple(
      fc.array(fc.option(element, { freq: 5 }), { maxLength: 5 }),
      fc.option(fc.integer({ min: -3, max: 3 }), { freq: 3 }),
    )
    .map(([items, lower]) => {
      const body = `{${items.map(quoteElement).join(',')}}`
      return lower === null || items.length === 0 ? body : `[${lower}:${lower + items.length - 1}]=${body}`
    })
}

/** Arrays of two or three dimensions. */
export function matrixOf(element: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const cell = fc.option(element, { freq: 5 }).map(quoteElement)
  return fc
    .tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 }), fc.boolean())
    .chain(([rows, columns, isDeep]) =>
      fc
        .array(fc.array(cell, { minLength: columns, maxLength: columns }), { minLength: rows, maxLength: rows })
        .map((cells) => {
          const flat = `{${cells.map((row) => `{${row.join(',')}}`).join(',')}}`
          return isDeep ? `{${flat},${flat}}` : flat
        }),
    )
}

export function rowOf(...fields: fc.Arbitrary<string>[]): fc.Arbitrary<string> {
  return fc
    .tuple(...fields.map((field) => fc.option(field, { freq: 4 })))
    .map(
      (values) =>
        `(${values.map((value) => (value === null ? '' : `"${value.replaceAll(/["\\]/g, '$&$&')}"`)).join(',')})`,
    )
}

const mood = fc.constantFrom('sad', 'ok', 'very "happy"', 'a,b', 'NULL', '', 'größer')
const pair = rowOf(int(-5n, 5n), text(4))
const uuid = fc.uuid()
const any = {
  numeric: fc.oneof(
    number(40, 30),
    number(5, 3),
    fc.constantFrom('NaN', 'Infinity', '-Infinity', '0', '0.000', '0.00001'),
  ),
}

const scalars: readonly TypeSample[] = [
  { type: 'bool', texts: fc.constantFrom('true', 'false') },
  { type: 'int2', texts: fc.oneof(int(-32_768n, 32_767n), fc.constantFrom('-32768', '32767')) },
  { type: 'int4', texts: fc.oneof(int(-(2n ** 31n), 2n ** 31n - 1n), fc.constantFrom('-2147483648', '2147483647')) },
  {
    type: 'int8',
    texts: fc.oneof(
      int(-int64Max - 1n, int64Max),
      int(-99n, 99n),
      fc.constantFrom('-9223372036854775808', '9223372036854775807'),
    ),
  },
  { type: 'float4', texts: smallFloat },
  { type: 'float8', texts: float },
  {
    type: 'numeric',
    texts: fc.oneof(
      any.numeric,
      number(200, 100),
      int(1n, 9n).map((d) => `${d}e1000`),
      int(1n, 9n).map((d) => `${d}e-1000`),
    ),
  },
  {
    type: 'numeric(12,2)',
    texts: fc.oneof(number(10, 2), fc.constantFrom('NaN', '9999999999.99', '-9999999999.99', '0.01')),
  },
  { type: 'numeric(15,0)', texts: fc.oneof(number(15, 0), fc.constantFrom('NaN', '999999999999999')) },
  { type: 'numeric(4,4)', texts: number(0, 4) },
  { type: 'numeric(18,5)', texts: fc.oneof(number(13, 5), number(2, 5)) },
  { type: 'numeric(19,3)', texts: number(16, 3) },
  {
    type: 'numeric(38,10)',
    texts: fc.oneof(number(28, 10), number(3, 10), fc.constantFrom('-9999999999999999999999999999.9999999999')),
  },
  { type: 'numeric(38,38)', texts: number(0, 38) },
  { type: 'numeric(5,-3)', since: 15, texts: thousands(5) },
  { type: 'numeric(3,5)', since: 15, texts: digits(3).map((d) => `0.00${d}`) },
  { type: 'numeric(36,-3)', since: 15, texts: thousands(35) },
  { type: 'numeric(60,5)', texts: fc.oneof(number(55, 5), fc.constant('NaN')) },
  {
    type: 'money',
    texts: fc.oneof(number(12, 2), fc.constantFrom('-92233720368547758.08', '92233720368547758.07', '-0.05')),
  },
  { type: 'text', texts: text(60) },
  { type: 'varchar(20)', texts: fitting(20) },
  { type: 'char(5)', texts: fitting(5) },
  { type: 'name', texts: fc.string({ unit: 'grapheme-ascii', maxLength: 63 }) },
  {
    type: '"char"',
    texts: fc.oneof(
      fc.string({ unit: 'grapheme-ascii', maxLength: 1 }),
      fc.constantFrom('\\351', '\\377', '', '\\001'),
    ),
  },
  {
    type: 'xml',
    texts: fc.constantFrom(
      '<a/>',
      'text &amp; <b x="1">c</b>',
      '<?xml version="1.0" standalone="yes"?><a>é</a>',
      '',
      '<!-- c --><x/>',
    ),
  },
  { type: 'json', texts: fc.oneof(json, fc.constant('"\\u0000"')) },
  { type: 'jsonb', texts: json },
  { type: 'bytea', texts: fc.uint8Array({ maxLength: 40 }).map((bytes) => `\\x${Buffer.from(bytes).toString('hex')}`) },
  { type: 'date', texts: date },
  { type: 'time', texts: time },
  { type: 'time(2)', texts: time },
  {
    type: 'timetz',
    texts: fc.oneof(
      fc.tuple(time, offset).map((parts) => parts.join('')),
      fc.constantFrom('24:00+15:59:59', '00:00-15:59:59', '12:00:00.000249+00'),
    ),
  },
  { type: 'timestamp', texts: timestamp },
  { type: 'timestamptz', texts: zoned },
  { type: 'interval', texts: fc.tuple(int(-30n, 30n), int(-99n, 99n)).map(([days, s]) => `${days} days ${s}.5 s`) },
  // Of microseconds, 14 reads no more than an int4 in text.
  { type: 'interval', since: 15, texts: interval },
  { type: 'uuid', texts: uuid },
  { type: 'oid', texts: int(0n, 4_294_967_295n) },
  { type: 'xid', texts: int(0n, 4_294_967_295n) },
  { type: 'cid', texts: int(0n, 4_294_967_295n) },
  { type: 'xid8', texts: fc.oneof(int(0n, 2n ** 64n - 1n), fc.constant('18446744073709551615')) },
  {
    type: 'pg_lsn',
    texts: fc.tuple(fc.nat(0xffffffff), fc.nat(0xffffffff)).map(([a, b]) => `${a.toString(16)}/${b.toString(16)}`),
  },
  { type: 'inet', texts: inet },
  { type: 'cidr', texts: cidr },
  { type: 'macaddr', texts: hex(6) },
  { type: 'macaddr8', texts: hex(8) },
  { type: 'bit(11)', texts: bits(11, 11) },
  { type: 'varbit', texts: bits(0, 150) },
]

const printedByServer: readonly TypeSample[] = [
  { type: 'int4range', texts: range(intBounds) },
  { type: 'numrange', texts: range(numberBounds) },
  { type: 'daterange', texts: fc.oneof(range(dateBounds), fc.constantFrom('[infinity,]', '[2024-01-01,infinity)')) },
  { type: 'tstzrange', texts: range(dateBounds) },
  { type: 'point_range', texts: range(intBounds) },
  {
    type: 'int8multirange',
    texts: fc.array(range(intBounds), { maxLength: 3 }).map((ranges) => `{${ranges.join(',')}}`),
  },
  { type: 'point', texts: point },
  { type: 'lseg', texts: fc.tuple(point, point).map(([a, b]) => `[${a},${b}]`) },
  { type: 'box', texts: fc.tuple(point, point).map(([a, b]) => `${a},${b}`) },
  { type: 'path', texts: fc.array(point, { minLength: 1, maxLength: 4 }).map((points) => `[${points.join(',')}]`) },
  {
    type: 'polygon',
    texts: fc.array(finitePoint, { minLength: 1, maxLength: 4 }).map((points) => `(${points.join(',')})`),
  },
  { type: 'line', texts: fc.constantFrom('{1,2,3}', '{0,-1,1e24}', '{1e-300,5,0}') },
  { type: 'circle', texts: fc.tuple(finitePoint, fc.nat(1000)).map(([center, radius]) => `<${center},${radius}>`) },
  { type: 'tsvector', texts: fc.constantFrom("'a':1A,3 'b c':2B", '', "'quo''te'", "'back\\\\slash':5") },
  { type: 'tsquery', texts: fc.constantFrom("'a' & !'b' | 'c':*A", "'x' <2> 'y'") },
  { type: 'jsonpath', texts: fc.constantFrom('$."a"[*] ? (@ > 1.5)', 'strict $', '$."x y"') },
  { type: 'regclass', texts: fc.constantFrom('pg_class', 'pg_catalog.pg_type') },
  { type: 'regtype', texts: fc.constantFrom('int4', 'numeric', 'text[]') },
  { type: 'regproc', texts: fc.constantFrom('now', 'pg_catalog.version') },
  { type: 'regrole', texts: fc.constantFrom('postgres') },
  { type: 'tid', texts: fc.tuple(fc.nat(0xffffffff), fc.nat(65_535)).map(([a, b]) => `(${a},${b})`) },
  { type: 'pg_snapshot', texts: fc.constantFrom('10:20:10,14,15', '18446744073709:18446744073709:') },
  { type: 'aclitem', texts: fc.constantFrom('postgres=arwdDxt/postgres', '=r/postgres') },
  { type: 'refcursor', texts: text(10) },
  { type: 'int2vector', texts: fc.constantFrom('1 2 3', '', '-5') },
  { type: 'oidvector', texts: fc.constantFrom('4294967295 1', '') },
  {
    type: 'hstore',
    extension: 'hstore',
    texts: fc.constantFrom('a=>1, b=>NULL', '"=>"=>"x\\"y"', '', '"k e y"=>"NULL"'),
  },
  { type: 'citext', extension: 'citext', texts: text(20) },
  { type: 'ltree', extension: 'ltree', texts: fc.constantFrom('Top.Science.Astronomy', 'a', '') },
  { type: 'cube', extension: 'cube', texts: fc.constantFrom('(1,2),(3,4)', '(1e24)', '(0.1,2)') },
  { type: 'isbn13', extension: 'isn', texts: fc.constantFrom('978-0-393-04002-9') },
]

const structured: readonly TypeSample[] = [
  { type: 'mood', texts: mood },
  { type: 'positive', texts: int(1n, 1000n) },
  { type: 'price', texts: fc.oneof(number(8, 4), fc.constant('NaN')) },
  { type: 'words', texts: arrayOf(text(6)) },
  { type: 'bool[]', texts: arrayOf(fc.constantFrom('t', 'f')) },
  { type: 'int2[]', texts: arrayOf(int(-5n, 5n)) },
  { type: 'int4[]', texts: arrayOf(int(-5n, 500_000n)) },
  { type: 'int8[]', texts: arrayOf(int(-int64Max, int64Max)) },
  { type: 'float4[]', texts: arrayOf(smallFloat) },
  { type: 'float8[]', texts: arrayOf(float) },
  { type: 'numeric[]', texts: arrayOf(any.numeric) },
  { type: 'numeric(10,3)[]', texts: arrayOf(fc.oneof(number(7, 3), fc.constantFrom('NaN'))) },
  { type: 'money[]', texts: arrayOf(number(9, 2)).map((literal) => literal.replace(/^.*=/, '')) },
  {
    type: 'text[]',
    texts: arrayOf(fc.oneof(text(8), fc.constantFrom('NULL', 'null', '', '{', ' a ', '\u00a0', '\v'))),
  },
  { type: 'char(3)[]', texts: arrayOf(fitting(3)) },
  { type: 'name[]', texts: arrayOf(fc.string({ unit: 'grapheme-ascii', maxLength: 20 })) },
  { type: 'json[]', texts: arrayOf(json) },
  { type: 'jsonb[]', texts: arrayOf(json) },
  { type: 'bytea[]', texts: arrayOf(hex(3).map((digitsOf) => `\\x${digitsOf}`)) },
  { type: 'date[]', texts: arrayOf(date) },
  { type: 'time[]', texts: arrayOf(time) },
  { type: 'timetz[]', texts: arrayOf(fc.tuple(time, offset).map((parts) => parts.join(''))) },
  { type: 'timestamp[]', texts: arrayOf(timestamp) },
  { type: 'timestamptz[]', texts: arrayOf(zoned) },
  { type: 'interval[]', since: 15, texts: arrayOf(interval) },
  { type: 'uuid[]', texts: arrayOf(uuid) },
  { type: 'oid[]', texts: arrayOf(int(0n, 4_294_967_295n)) },
  { type: 'xid8[]', texts: arrayOf(int(0n, 2n ** 64n - 1n)) },
  { type: 'inet[]', texts: arrayOf(inet) },
  { type: 'macaddr[]', texts: arrayOf(hex(6)) },
  { type: 'varbit[]', texts: arrayOf(bits(0, 20)) },
  { type: 'mood[]', texts: arrayOf(mood) },
  { type: 'positive[]', texts: arrayOf(int(1n, 9n)) },
  { type: 'int4range[]', texts: arrayOf(range(intBounds)) },
  { type: 'point[]', texts: arrayOf(point) },
  { type: 'tsvector[]', texts: arrayOf(fc.constantFrom("'a b':1", '')) },
  { type: 'hstore[]', extension: 'hstore', texts: arrayOf(fc.constantFrom('a=>1', '"x,y"=>NULL')) },
  { type: 'citext[]', extension: 'citext', texts: arrayOf(text(5)) },
]

/** Types that become text, numbers, times and lists: their Arrow values print as PostgreSQL prints them. */
export const printableSamples: readonly TypeSample[] = [...scalars, ...printedByServer, ...structured]

/** Types that become JSON documents, which PostgreSQL's to_json prints alike. */
export const jsonSamples: readonly TypeSample[] = [
  { type: 'inner_pair', texts: pair },
  { type: 'pair_domain', texts: pair },
  {
    type: 'everything',
    texts: rowOf(
      int(-int64Max, int64Max),
      any.numeric,
      fc.integer().map(String),
      fc.constantFrom('t', 'f'),
      text(8),
      fc.constantFrom('2024-02-29'),
      fc.constant('infinity'),
      json.filter((value) => !/[\n\t]/.test(value)),
      json,
      arrayOf(int(-9n, 9n)),
      matrixOf(text(3)),
      pair,
      arrayOf(pair),
      mood,
      int(1n, 9n),
      hex(2).map((digitsOf) => `\\x${digitsOf}`),
      range(intBounds),
    ),
  },
  { type: 'int4[][]', texts: matrixOf(int(-9n, 9n)) },
  { type: 'text[][]', texts: fc.oneof(matrixOf(text(4)), arrayOf(text(4)), fc.constant('{}')) },
  { type: 'numeric(10,2)[][]', texts: matrixOf(fc.oneof(number(4, 2), fc.constant('NaN'))) },
  { type: 'bool[][]', texts: matrixOf(fc.constantFrom('t', 'f')) },
  { type: 'inner_pair[][]', texts: matrixOf(pair) },
  { type: 'jsonb[][]', texts: matrixOf(json) },
]
