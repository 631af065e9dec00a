import { describeDialect } from '../../testing/dialect-contract.ts'
import { openDuckDb } from './connection.ts'
import { duckdbDialect } from './dialect.ts'

describeDialect({
  name: 'DuckDB',
  dialect: duckdbDialect,
  async open() {
    const warehouse = await openDuckDb({ path: ':memory:' })
    return { warehouse, [Symbol.asyncDispose]: () => warehouse[Symbol.asyncDispose]() }
  },
  spelling: {
    folded: (name) => name,
    integer: 'integer',
    bytes: 'BLOB',
    parameter: (number) => `$${number}`,
    integerMax: 2 ** 31 - 1,
  },
  supportsSeveralStatements: true,
  supportsReturning: true,
  endlessQuery: 'SELECT count(*) FROM range(1000000000000) a WHERE a.range % 7 = 1',
  values: [
    { sql: 'SELECT 200::UTINYINT', value: 200, type: 'UTINYINT' },
    { sql: 'SELECT 4294967295::UINTEGER', value: 4_294_967_295 },
    { sql: 'SELECT (-9223372036854775808)::BIGINT', value: -9_223_372_036_854_775_808n, type: 'BIGINT' },
    { sql: 'SELECT 170141183460469231731687303715884105727::HUGEINT', value: 2n ** 127n - 1n, type: 'HUGEINT' },
    { sql: 'SELECT 340282366920938463463374607431768211455::UHUGEINT', value: 2n ** 128n - 1n },
    { sql: `SELECT '${'9'.repeat(60)}'::BIGNUM`, value: BigInt('9'.repeat(60)) },
    { sql: "SELECT 'NaN'::DOUBLE", value: Number.NaN, type: 'DOUBLE' },
    { sql: "SELECT '-Infinity'::FLOAT", value: -Infinity, type: 'FLOAT' },
    { sql: "SELECT '-0'::DOUBLE", value: -0 },
    { sql: "SELECT '-0.10'::DECIMAL(38,20)", value: '-0.10000000000000000000', type: 'DECIMAL(38,20)' },
    { sql: "SELECT 'infinity'::DATE", value: 'infinity', type: 'DATE' },
    { sql: "SELECT '-infinity'::DATE", value: '-infinity' },
    { sql: "SELECT '0044-03-15 (BC)'::DATE", value: '0044-03-15 (BC)' },
    { sql: "SELECT '24:00:00'::TIME", value: '24:00:00', type: 'TIME' },
    {
      sql: "SELECT '12:00:00.000001-15:59:59'::TIMETZ",
      value: '12:00:00.000001-15:59:59',
      type: 'TIME WITH TIME ZONE',
    },
    { sql: "SELECT 'infinity'::TIMESTAMP", value: 'infinity', type: 'TIMESTAMP' },
    { sql: "SELECT '-infinity'::TIMESTAMPTZ", value: '-infinity', type: 'TIMESTAMP WITH TIME ZONE' },
    { sql: "SELECT '2024-07-01 12:00:00.5+02'::TIMESTAMPTZ", value: '2024-07-01 10:00:00.5+00' },
    { sql: "SELECT '0044-03-15 (BC) 01:02:03+00'::TIMESTAMPTZ", value: '0044-03-15 (BC) 01:02:03+00' },
    { sql: "SELECT INTERVAL '1 month -2 days 3 seconds'", value: '1 month -2 days 00:00:03', type: 'INTERVAL' },
    { sql: "SELECT UUID '00000000-0000-0000-0000-00000000000A'", value: '00000000-0000-0000-0000-00000000000a' },
    { sql: `SELECT '{"a": 1.0}'::JSON`, value: '{"a": 1.0}', type: 'JSON' },
    { sql: "SELECT ['a, b', '', NULL, 'null', 'q''']", value: "['a, b', '', NULL, 'null', 'q\\'']", type: 'VARCHAR[]' },
    { sql: 'SELECT [[1.5::DOUBLE, 1], NULL]', value: '[[1.5, 1.0], NULL]', type: 'DOUBLE[][]' },
    { sql: "SELECT {'a': 1, 'b': '2024-01-01'::TIMESTAMPTZ}", value: "{'a': 1, 'b': '2024-01-01 00:00:00+00'}" },
    { sql: "SELECT MAP {'k': 1}", value: '{k=1}' },
    { sql: "SELECT 'a'::ENUM('a', 'b')", value: 'a' },
    { sql: "SELECT '0101'::BIT", value: '0101' },
    { sql: "SELECT '\\x00\\xFF'::BLOB", value: new Uint8Array([0, 255]), type: 'BLOB' },
    { sql: 'SELECT NULL', value: null },
    { sql: 'SELECT NULL::INTEGER[]', value: null },
  ],
})
