import { startSnowflakeLocal } from '@eclusa/snowflake-local'
import { describeDialect } from '../../testing/dialect-contract.ts'
import { openSnowflake } from './connection.ts'
import { snowflakeDialect } from './dialect.ts'

// Through Snowflake's own driver, on the local endpoint.

const ofText = (...types: readonly string[]) => Object.fromEntries(types.map((type) => [type, 'text']))
const ofVariants = (...elements: readonly string[]) =>
  Object.fromEntries(elements.map((element) => [`list<${element}>`, 'list<json>']))

describeDialect({
  name: 'Snowflake',
  dialect: snowflakeDialect,
  async open() {
    const server = await startSnowflakeLocal({ users: [{ name: 'LOADER', password: 'p' }] })
    const { account, host, port } = server
    const where = { account, host, port, protocol: 'http', database: 'SHOP', schema: 'PUBLIC' } as const
    const login = { user: 'LOADER', authentication: { method: 'password', password: 'p' } } as const
    const warehouse = await openSnowflake({ ...where, ...login })
    await using connection = await warehouse.connect()
    await connection.query('CREATE DATABASE shop')
    return {
      warehouse,
      async [Symbol.asyncDispose]() {
        await warehouse[Symbol.asyncDispose]()
        await server.close()
      },
    }
  },
  spelling: {
    folded: (name) => name.toUpperCase(),
    integer: 'NUMBER(9,0)',
    bytes: 'BINARY',
    parameter: (number) => `:${number}`,
    // One digit more is left for the sign.
    integerMax: 99_999_999,
  },
  supportsSeveralStatements: false,
  supportsReturning: false,
  endlessQuery: `SELECT COUNT(*) FROM TABLE(GENERATOR(ROWCOUNT => 1000000)) a, TABLE(GENERATOR(ROWCOUNT => 1000000)) b`,
  foldedTypes: {
    float32: 'float64',
    ...ofText('timetz', 'interval', 'uuid', 'decimal(38,38)'),
    ...ofVariants('text', 'decimal(30,5)', 'list<timestamptz>'),
  },
  values: [
    { sql: 'SELECT 12::NUMBER(9,0)', value: 12, type: 'NUMBER(9,0)' },
    { sql: `SELECT ${'9'.repeat(38)}`, value: BigInt('9'.repeat(38)), type: 'NUMBER(38,0)' },
    { sql: "SELECT '-0.10'::NUMBER(38,20)", value: '-0.10000000000000000000', type: 'NUMBER(38,20)' },
    { sql: "SELECT '-0'::FLOAT", value: -0, type: 'FLOAT' },
    { sql: "SELECT 'NaN'::FLOAT", value: Number.NaN },
    { sql: "SELECT 'inf'::FLOAT", value: Infinity },
    { sql: "SELECT '5e-324'::FLOAT", value: 5e-324 },
    { sql: "SELECT '2024-02-29'::DATE", value: '2024-02-29', type: 'DATE' },
    { sql: "SELECT '23:59:59.123456'::TIME", value: '23:59:59.123456000', type: 'TIME(9)' },
    { sql: 'SELECT NULL::VARIANT', value: null, type: 'VARIANT' },
  ],
})
