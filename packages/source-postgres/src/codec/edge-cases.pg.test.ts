import { testServers } from '@eclusa/postgres-local/testing'
import type { TestDatabase } from '@eclusa/postgres-local/testing'
import { formatColumnType } from '@eclusa/sdk'
import type { ColumnType } from '@eclusa/sdk'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { batchContents, buildFromTexts, copyTable, planTable, printRows, readTexts } from '../../testing/table-plan.ts'
import type { ColumnOptions } from './column-codec.ts'

/* One test per value of docs' edge-case list that has something to decide; the numbers are those of that list. */

interface Read {
  readonly type: string
  /** What is in the Arrow column, as PostgreSQL would print it. */
  readonly values: (string | null)[]
  /** What is reported beside the rows, without the reasons. */
  readonly reports: string[]
  readonly reasons: string[]
}

for (const server of await testServers()) {
  describe(`edge cases on PostgreSQL ${server.major}`, () => {
    let database: TestDatabase
    let client: Client

    beforeAll(async () => {
      database = await server.createDatabase()
      client = new Client({ connectionString: database.connectionString })
      await client.connect()
    })

    afterAll(async () => {
      await client.end()
      await database.drop()
    })

    /** Reads a table with one column of the type by COPY and as texts, which must give the same bytes. */
    async function read(type: string, values: readonly (string | null)[], options: ColumnOptions = {}): Promise<Read> {
      await client.query('DROP TABLE IF EXISTS edge')
      await client.query(`CREATE TABLE edge (v ${type})`)
      await client.query(`INSERT INTO edge SELECT v::${type} FROM unnest($1::text[]) AS u (v)`, [values])
      return await readEdge(options)
    }

    async function readEdge(options: ColumnOptions = {}): Promise<Read> {
      const plan = await planTable(client, 'edge', { v: options })
      const batches = await copyTable(client, plan)
      const fromTexts = buildFromTexts(plan, await readTexts(client, plan))
      expect(fromTexts.map(batchContents)).toEqual(batches.map(batchContents))
      const unrepresentable = batches.flatMap((batch) => batch.unrepresentable)
      return {
        type: plan.schema.columns.map((column) => formatColumnType(column.type)).join(),
        values: printRows(batches.map((batch) => ({ ...batch, unrepresentable: [] }))).map(([value = null]) => value),
        reports: unrepresentable.map(({ row, change, text }) => `${row} ${change} ${text}`),
        reasons: unrepresentable.map(({ reason }) => reason),
      }
    }

    const kept = (type: string, values: (string | null)[]) => ({ type, values, reports: [], reasons: [] })

    test('1, 2: NaN and the infinities of numeric are NULL in a decimal, with their text', async () => {
      expect(await read('numeric(6,2)', ['NaN', '1.5', null])).toEqual({
        type: 'decimal(6,2)',
        values: [null, '1.50', null],
        reports: ['0 NULLED NaN'],
        reasons: ['numeric NaN does not fit decimal(6,2)'],
      })
      const decimal = { type: 'decimal', precision: 6, scale: 2 } as const
      expect(await read('numeric', ['Infinity', '-Infinity'], { unconstrainedNumeric: decimal })).toMatchObject({
        values: [null, null],
        reports: ['0 NULLED Infinity', '1 NULLED -Infinity'],
      })
    })

    test('3: numeric without precision keeps every digit and its scale as text', async () => {
      const values = [
        '1.00',
        '0.000',
        '-0.10',
        '12345678901234567890123456789012345678901234567890.5',
        'NaN',
        'Infinity',
      ]
      expect(await read('numeric', values)).toEqual(kept('text', values))
    })

    test('3: numeric without precision in a decimal is exact, or NULL with its text', async () => {
      const unconstrainedNumeric = { type: 'decimal', precision: 20, scale: 3 } as const
      const values = ['1', '1.5000', '0.0001', '99999999999999999.999', '100000000000000000', '-1e-3', '0']
      expect(await read('numeric', values, { unconstrainedNumeric })).toMatchObject({
        type: 'decimal(20,3)',
        values: ['1.000', '1.500', null, '99999999999999999.999', null, '-0.001', '0.000'],
        reports: ['2 NULLED 0.0001', '4 NULLED 100000000000000000'],
      })
    })

    test('4: numerics beyond 38 digits are text, up to 131072 digits before the point', async () => {
      const widest = `${'9'.repeat(131_072)}.${'1'.repeat(16_383)}`
      expect(await read('numeric', [widest, `-${widest}`])).toEqual(kept('text', [widest, `-${widest}`]))
      expect(await read('numeric(39,1)', ['12345678901234567890123456789012345678.9'])).toEqual(
        kept('text', ['12345678901234567890123456789012345678.9']),
      )
    })

    test.runIf(server.major >= 15)('5: a negative scale, and a scale beyond the precision, are exact', async () => {
      expect(await read('numeric(5,-3)', ['99999499', '-1500', '499'])).toEqual(
        kept('decimal(8,0)', ['99999000', '-2000', '0']),
      )
      expect(await read('numeric(3,5)', ['0.00999', '-0.00001'])).toEqual(kept('decimal(5,5)', ['0.00999', '-0.00001']))
      expect((await read('numeric(38,-1)', ['10'])).type).toBe('text')
    })

    test('6: floats keep NaN, infinities, minus zero and the smallest value', async () => {
      const values = ['NaN', 'Infinity', '-Infinity', '-0', '5e-324', '0.1', '1e+23', null]
      expect(await read('float8', values)).toEqual(
        kept('float64', ['NaN', 'Infinity', '-Infinity', '-0', '5e-324', '0.1', '9.999999999999999e+22', null]),
      )
      expect(await read('float4', ['-0', '1e-45', '0.1', '16777216'])).toEqual(
        kept('float32', ['-0', '1e-45', '0.1', '1.6777216e+07']),
      )
    })

    test('7: int8 is exact to both ends', async () => {
      const values = ['-9223372036854775808', '9223372036854775807', '9007199254740993', '-1', '0']
      expect(await read('int8', values)).toEqual(kept('int64', values))
    })

    test('8, 11: timestamps are exact up to the last microsecond that fits, and never wrap', async () => {
      const values = [
        'infinity',
        '-infinity',
        '294247-01-10 04:00:54.775806',
        '294247-01-10 04:00:54.775807',
        '294276-12-31 23:59:59.999999',
        '4713-11-24 00:00:00 BC',
      ]
      expect(await read('timestamp', values)).toMatchObject({
        type: 'timestamp',
        values: ['infinity', '-infinity', '294247-01-10 04:00:54.775806', null, null, '4713-11-24 00:00:00 BC'],
        reports: ['3 NULLED 294247-01-10 04:00:54.775807', '4 NULLED 294276-12-31 23:59:59.999999'],
      })
      expect(await read('timestamptz', ['294276-12-31 23:59:59.999999+00', 'infinity'])).toMatchObject({
        values: [null, 'infinity'],
        reports: ['0 NULLED 294276-12-31 23:59:59.999999+00'],
      })
    })

    test('9, 10, 12: dates reach from 4713 BC to 5874897, and are infinite', async () => {
      const values = [
        'infinity',
        '-infinity',
        '4713-11-24 BC',
        '0001-12-31 BC',
        '0001-01-01',
        '5874897-12-31',
        '1969-12-31',
      ]
      expect(await read('date', values)).toEqual(kept('date', values))
    })

    test('13, 16: 24:00:00 and single microseconds are kept', async () => {
      const values = ['24:00:00', '00:00:00.000249', '23:59:59.999999', '00:00:00']
      expect(await read('time', values)).toEqual(kept('time', values))
    })

    test('14: timetz keeps its offset', async () => {
      const values = ['12:00:00+15:59:59', '12:00:00-15:59:59', '24:00:00+00', '00:00:00.000001-05:30']
      expect(await read('timetz', values)).toEqual(kept('timetz', values))
    })

    test('15, 17, 25: the defaults of the database do not change a value', async () => {
      const settings = {
        TimeZone: 'Asia/Kathmandu',
        DateStyle: 'German, DMY',
        IntervalStyle: 'sql_standard',
        bytea_output: 'escape',
        extra_float_digits: '-15',
      }
      for (const [name, value] of Object.entries(settings)) {
        await client.query(`ALTER DATABASE ${database.name} SET ${name} TO '${value}'`)
      }
      await using other = new DisposableClient(database.connectionString)
      await other.client.connect()
      await client.query(`DROP TABLE IF EXISTS edge`)
      await client.query(
        `DROP TYPE IF EXISTS moments CASCADE; CREATE TYPE moments AS (t timestamptz, i interval, b bytea, f float8)`,
      )
      await client.query(`CREATE TABLE edge (t timestamptz, r tstzrange, i interval, b bytea, f float8[], c moments)`)
      await client.query(`INSERT INTO edge SELECT t, tstzrange(t, t + '1 h'), i, b, ARRAY[f], ROW(t, i, b, f)::moments FROM (
        VALUES ('2024-02-29 12:00:00+02'::timestamptz, '1 year -2 days 3:04:05.6'::interval, '\\x00ff5c'::bytea, 0.1::float8)) AS v (t, i, b, f)`)
      const plan = await planTable(other.client, 'edge')
      const [row] = printRows(await copyTable(other.client, plan))
      expect(row).toEqual([
        '2024-02-29 10:00:00+00',
        '["2024-02-29 10:00:00+00","2024-02-29 11:00:00+00")',
        '1 year -2 days +03:04:05.6',
        '\\x00ff5c',
        '{0.1}',
        '{"t":"2024-02-29 10:00:00+00","i":"1 year -2 days +03:04:05.6","b":"\\\\x00ff5c","f":0.1}',
      ])
      expect(printRows(buildFromTexts(plan, await readTexts(other.client, plan)))).toEqual([row])
      expect((await other.client.query('SHOW TimeZone')).rows).toEqual([{ TimeZone: 'Asia/Kathmandu' }])
    })

    test('17: interval keeps months, days and microseconds apart', async () => {
      const values = [
        '1 year -1 days +00:00:01',
        '-1 mons +2 days -00:00:00.000001',
        '30 days',
        '24:00:00',
        '1 mon',
        '00:00:00',
      ]
      expect(await read('interval', values)).toEqual(kept('interval', values))
    })

    test.runIf(server.major >= 17)('17: infinite intervals are NULL with their text', async () => {
      expect(await read('interval', ['infinity', '-infinity'])).toMatchObject({
        values: [null, null],
        reports: ['0 NULLED infinity', '1 NULLED -infinity'],
      })
    })

    test('18: money is the exact amount, whatever the currency of its text', async () => {
      const values = ['-92233720368547758.08', '92233720368547758.07', '-0.05', '1234567.89']
      expect(await read('money', values)).toEqual(kept('decimal(19,2)', values))
      expect((await read('money', ['12.34'], { moneyScale: 0 })).values).toEqual(['1234'])
      expect((await read('money[]', ['[0:1]={1234567.89,NULL}'])).reports).toEqual([
        '0 TRUNCATED [0:1]={"$1,234,567.89",NULL}',
      ])
    })

    test('19, 21: null differs from false and from the empty string', async () => {
      expect(await read('bool', ['f', null, 't'])).toEqual(kept('boolean', ['f', null, 't']))
      expect(await read('varchar(3)', ['', null])).toEqual(kept('text', ['', null]))
    })

    test('20: char(n) keeps the padding that PostgreSQL prints', async () => {
      expect(await read('char(4)', ['a', '', 'ab  ', null])).toEqual(kept('text', ['a   ', '    ', 'ab  ', null]))
    })

    test('22, 23: texts keep every character', async () => {
      const values = ['\r\n\t', '\\N', '\\.', '"\'', '😀', 'e\u0301', '\u202eabc', '\uffff', '\ufffd', '\u0001']
      expect(await read('text', values)).toEqual(kept('text', values))
    })

    test('25: bytea keeps every byte', async () => {
      const values = ['\\x', '\\x00', '\\xff00ff', `\\x${'0123456789abcdef'.repeat(100)}`, null]
      expect(await read('bytea', values)).toEqual(kept('bytes', values))
    })

    test('26: bit strings of any length are texts of 0 and 1', async () => {
      const long = '10'.repeat(100)
      expect(await read('varbit', ['', '1', long, null])).toEqual(kept('text', ['', '1', long, null]))
      expect(await read('bit(3)', ['101'])).toEqual(kept('text', ['101']))
    })

    test('27: uuid', async () => {
      const values = ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff', null]
      expect(await read('uuid', values)).toEqual(kept('uuid', values))
    })

    test('28, 29, 31: json keeps its text, duplicate keys, \\u0000 and the JSON null', async () => {
      const values = ['{"b":1, "a":2,  "a":3}', '"\\u0000"', 'null', null, ' [1 ,2] ']
      expect(await read('json', values)).toEqual(kept('json', values))
    })

    test('30: jsonb keeps all digits of its numbers', async () => {
      const values = ['12345678901234567890.50', `1${'0'.repeat(400)}`, `0.${'1'.repeat(1000)}`, 'null', null]
      expect(await read('jsonb', values)).toEqual(kept('json', values))
    })

    test('32: xml keeps content fragments and standalone; its encoding is that of the text', async () => {
      const values = [
        'a <b/> c',
        '<?xml version="1.0" standalone="yes"?><é/>',
        '<?xml version="1.0" encoding="UTF-8"?><a/>',
        null,
      ]
      expect(await read('xml', values)).toEqual(kept('text', [...values.slice(0, 2), '<a/>', null]))
    })

    test('33: arrays: null, empty, null elements, and the text NULL', async () => {
      const values = [null, '{}', '{NULL,"NULL",""}', '{"a b",c}']
      expect(await read('text[]', values)).toEqual(kept('list<text>', values))
    })

    test('34: an array declared with more dimensions is nested JSON', async () => {
      expect(await read('int[][]', ['{{1,2},{3,NULL}}', '{}', '{{{1}}}', null])).toEqual(
        kept('json', ['[[1,2],[3,null]]', '[]', '[[[1]]]', null]),
      )
      expect(await read('int[][]', ['[0:0][2:3]={{1,2}}'])).toMatchObject({
        values: ['[[1,2]]'],
        reports: ['0 TRUNCATED [0:0][2:3]={{1,2}}'],
      })
    })

    test('34: a multi-dimensional value in a list is NULL with its text', async () => {
      expect(await read('text[]', ['{{a,NULL},{"b c",""}}', '{x}', '[2:2][1:1]={{y}}'])).toEqual({
        type: 'list<text>',
        values: [null, '{x}', null],
        reports: ['0 NULLED {{a,NULL},{"b c",""}}', '2 NULLED [2:2][1:1]={{y}}'],
        reasons: Array(2).fill('an array of more than one dimension does not fit a list'),
      })
    })

    test('35: another lower bound keeps the elements and reports the exact array', async () => {
      expect(await read('int[]', ['[0:1]={5,NULL}', '[-2:-2]={7}', '{1}'])).toEqual({
        type: 'list<int32>',
        values: ['{5,NULL}', '{7}', '{1}'],
        reports: ['0 TRUNCATED [0:1]={5,NULL}', '1 TRUNCATED [-2:-2]={7}'],
        reasons: Array(2).fill('the array does not start at index 1'),
      })
    })

    test('1, 11, 36: an element that does not fit is NULL in its list, which is reported', async () => {
      expect(await read('numeric(4,1)[]', ['{1.5,NaN,2}'])).toEqual({
        type: 'list<decimal(4,1)>',
        values: ['{1.5,NULL,2.0}'],
        reports: ['0 TRUNCATED {1.5,NaN,2.0}'],
        reasons: ['numeric NaN does not fit decimal(4,1)'],
      })
      expect(await read('timestamptz[]', ['{294276-12-31 23:59:59.999999+00,infinity}'])).toMatchObject({
        values: ['{NULL,infinity}'],
        reports: ['0 TRUNCATED {"294276-12-31 23:59:59.999999+00",infinity}'],
      })
    })

    test('36, 37: composites are JSON with names, and their arrays lists of it', async () => {
      await client.query(`DROP TYPE IF EXISTS part CASCADE; CREATE TYPE part AS (n numeric, "b ""q""" text, j json)`)
      const json = '{"n":1.50,"b \\"q\\"":"x, \\"y\\" \\\\","j":{"a":1e400}}'
      const values = ['(1.50,"x, ""y"" \\\\","{""a"":1e400}")', '(,,)', '(NaN,"",null)', null]
      expect(await read('part', values)).toEqual(
        kept('json', [json, '{"n":null,"b \\"q\\"":null,"j":null}', '{"n":"NaN","b \\"q\\"":"","j":null}', null]),
      )
      expect((await read('part[]', ['{"(1,a,)",NULL}'])).type).toBe('list<json>')
    })

    test('38: domains are their base type, also over arrays and composites', async () => {
      await client.query(`DROP DOMAIN IF EXISTS amount, tags, labels CASCADE`)
      await client.query(
        `CREATE DOMAIN amount AS numeric(9,3) CHECK (VALUE >= 0); CREATE DOMAIN tags AS text[]; CREATE DOMAIN labels AS tags`,
      )
      expect(await read('amount', ['1.5', null])).toEqual(kept('decimal(9,3)', ['1.500', null]))
      expect(await read('labels', ['{a,b}'])).toEqual(kept('list<text>', ['{a,b}']))
      expect((await read('amount[]', ['{1,2}'])).type).toBe('list<decimal(9,3)>')
      expect((await read('tags[]', ['{"{a}","{}"}'])).type).toBe('list<list<text>>')
    })

    test('39: an enum label added after the plan is read', async () => {
      await client.query(`DROP TYPE IF EXISTS mood CASCADE; CREATE TYPE mood AS ENUM ('sad')`)
      await client.query(`DROP TABLE IF EXISTS edge; CREATE TABLE edge (v mood)`)
      const plan = await planTable(client, 'edge')
      await client.query(`ALTER TYPE mood ADD VALUE 'glad'; `)
      await client.query(`ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'`)
      await client.query(`INSERT INTO edge VALUES ('blue'), ('glad')`)
      expect(printRows(await copyTable(client, plan))).toEqual([['blue'], ['glad']])
    })

    test('40, 41: ranges tell empty, unbounded and infinite apart', async () => {
      const values = ['empty', '(,)', '[1,5)', null]
      expect(await read('int4range', values)).toEqual(kept('text', values))
      const dates = ['[2024-01-01,)', '[2024-01-01,infinity)', '(-infinity,2024-01-01)']
      expect(await read('daterange', dates)).toEqual(kept('text', dates))
      expect(await read('int4multirange', ['{[1,2),[5,7)}', '{}'])).toEqual(kept('text', ['{[1,2),[5,7)}', '{}']))
      expect(await read('int4range[]', ['{"[1,2)",empty,NULL}'])).toEqual(kept('list<text>', ['{"[1,2)",empty,NULL}']))
    })

    test('44, 45: network addresses', async () => {
      const values = ['10.0.0.1', '10.0.0.1/8', '::1', '2001:db8::1/64', '::ffff:1.2.3.4', '1:2:3:4:5:6:7:8']
      expect(await read('inet', values)).toEqual(kept('text', values))
      expect(await read('cidr', ['10.0.0.0/8', '::/0', '1.2.3.4/32'])).toEqual(
        kept('text', ['10.0.0.0/8', '::/0', '1.2.3.4/32']),
      )
      expect(await read('macaddr8', ['08:00:2b:01:02:03:04:05'])).toEqual(kept('text', ['08:00:2b:01:02:03:04:05']))
    })

    test('46: identifiers keep their unsigned range', async () => {
      expect(await read('oid', ['0', '4294967295'])).toEqual(kept('int64', ['0', '4294967295']))
      expect(await read('xid8', ['18446744073709551615', null])).toEqual(
        kept('decimal(20,0)', ['18446744073709551615', null]),
      )
      expect(await read('pg_lsn', ['FFFFFFFF/FFFFFFFF', '0/0'])).toEqual(kept('text', ['FFFFFFFF/FFFFFFFF', '0/0']))
      expect(await read('regclass', ['pg_class'])).toEqual(kept('text', ['pg_class']))
      expect(await read('tid', ['(4294967295,65535)'])).toEqual(kept('text', ['(4294967295,65535)']))
    })

    test('48: geometric types are texts; the elements of a list of boxes are whole boxes', async () => {
      expect(await read('point', ['(1e+24,NaN)', '(Infinity,-0)'])).toEqual(
        kept('text', ['(1e+24,NaN)', '(Infinity,-0)']),
      )
      expect(await read('box[]', ['{(1,2),(0,0);(3,4),(0,0)}'])).toEqual(
        kept('list<text>', ['{"(1,2),(0,0)","(3,4),(0,0)"}']),
      )
    })

    test('51: "char" and name', async () => {
      // Before 15 there is no way to write a byte beyond ASCII.
      const texts = ['a', '', server.major >= 15 ? '\\351' : 'b', null]
      expect(await read('"char"', texts)).toEqual(kept('text', texts))
      expect(await read('name', ['é'.repeat(31)])).toEqual(kept('text', ['é'.repeat(31)]))
    })

    test('a column read as another type is exact, or NULL with its text', async () => {
      const override = (type: ColumnType) => ({ override: type })
      expect(await read('int2', ['-5', null], override({ type: 'int64' }))).toEqual(kept('int64', ['-5', null]))
      expect(await read('int8', ['-5', '123456'], override({ type: 'decimal', precision: 4, scale: 1 }))).toMatchObject(
        {
          values: ['-5.0', null],
          reports: ['1 NULLED 123456'],
        },
      )
      expect(await read('numeric', ['7.00', '7.5', '32768'], override({ type: 'int16' }))).toMatchObject({
        values: ['7', null, null],
        reports: ['1 NULLED 7.5', '2 NULLED 32768'],
      })
      expect(await read('bool', ['t', 'f', null], override({ type: 'text' }))).toEqual(
        kept('text', ['true', 'false', null]),
      )
      expect(await read('timestamp', ['294276-12-31 00:00:00'], override({ type: 'text' }))).toEqual(
        kept('text', ['294276-12-31 00:00:00']),
      )
      expect(await read('int[]', ['[0:0]={1}'], override({ type: 'text' }))).toEqual(kept('text', ['[0:0]={1}']))
      expect(await read('int[]', ['{{1},{2}}'], override({ type: 'json' }))).toEqual(kept('json', ['[[1],[2]]']))
      expect(
        await read(
          'numeric[]',
          ['{1.0}'],
          override({ type: 'list', element: { type: 'decimal', precision: 3, scale: 2 } }),
        ),
      ).toEqual(kept('list<decimal(3,2)>', ['{1.00}']))
      await expect(read('float8', ['1'], override({ type: 'int32' }))).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    })
  })
}

class DisposableClient implements AsyncDisposable {
  readonly client: Client
  constructor(connectionString: string) {
    this.client = new Client({ connectionString })
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.end()
  }
}
