import { testServers } from '@eclusa/postgres-local/testing'
import { describeDialect } from '../../testing/dialect-contract.ts'
import { openPostgres } from './connection.ts'
import { postgresDialect } from './dialect.ts'

for (const server of await testServers()) {
  describeDialect({
    name: `PostgreSQL ${server.major}`,
    dialect: postgresDialect,
    async open() {
      const database = await server.createDatabase()
      const { host, port, user, password } = server
      const warehouse = await openPostgres({ host, port, user, password, database: database.name })
      return {
        warehouse,
        async [Symbol.asyncDispose]() {
          await warehouse[Symbol.asyncDispose]()
          await database.drop()
        },
      }
    },
    spelling: {
      folded: (name) => name,
      integer: 'integer',
      bytes: 'bytea',
      parameter: (number) => `$${number}`,
      integerMax: 2 ** 31 - 1,
    },
    supportsSeveralStatements: true,
    supportsReturning: true,
    endlessQuery: 'SELECT pg_sleep(3600)',
    foldedTypes: { 'list<list<timestamptz>>': 'list<timestamptz>' },
    values: [
      { sql: 'SELECT 32767::smallint', value: 32_767, type: 'smallint' },
      { sql: 'SELECT 4294967295::oid', value: 4_294_967_295, type: 'oid' },
      { sql: 'SELECT (-9223372036854775808)::bigint', value: -9_223_372_036_854_775_808n, type: 'bigint' },
      { sql: "SELECT 'NaN'::float8", value: Number.NaN, type: 'double precision' },
      { sql: "SELECT '-Infinity'::real", value: -Infinity, type: 'real' },
      { sql: "SELECT '-0'::float8", value: -0 },
      { sql: "SELECT '5e-324'::float8", value: 5e-324 },
      { sql: "SELECT '-0.10'::numeric(38,20)", value: '-0.10000000000000000000', type: 'numeric(38,20)' },
      { sql: "SELECT 'NaN'::numeric", value: 'NaN', type: 'numeric' },
      { sql: "SELECT 'infinity'::date", value: 'infinity', type: 'date' },
      { sql: "SELECT '0044-03-15 BC'::date", value: '0044-03-15 BC' },
      { sql: "SELECT '24:00:00'::time", value: '24:00:00', type: 'time without time zone' },
      { sql: "SELECT '12:00:00.000001-15:59:59'::timetz", value: '12:00:00.000001-15:59:59' },
      { sql: "SELECT '2024-07-01 12:00:00.5+02'::timestamptz", value: '2024-07-01 10:00:00.5+00' },
      { sql: "SELECT interval '1 month -2 days 3 seconds'", value: '1 mon -2 days +00:00:03', type: 'interval' },
      { sql: `SELECT '{"a": 1.0,"a":2}'::json`, value: '{"a": 1.0,"a":2}', type: 'json' },
      { sql: "SELECT ARRAY['a, b', '', NULL, 'null']", value: '{"a, b","",NULL,"null"}', type: 'text[]' },
      { sql: "SELECT '\\x00ff'::bytea", value: new Uint8Array([0, 255]), type: 'bytea' },
      { sql: "SELECT 'x'::varchar(20)", value: 'x', type: 'character varying(20)' },
      { sql: 'SELECT NULL::integer', value: null, type: 'integer' },
    ],
  })
}
