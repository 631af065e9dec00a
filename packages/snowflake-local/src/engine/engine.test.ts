import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { openEngine } from './engine.ts'
import type { Engine, SessionOptions, SqlSession } from './engine.ts'
import type { Bind, ResultColumn, ResultRow } from './statement.ts'

let engine: Engine
let session: SqlSession
let queryCount = 0

beforeAll(async () => {
  engine = await openEngine()
  const first = await engine.openSession({ user: 'ADA' })
  await run('CREATE DATABASE shop', first)
  await first.close()
})

afterAll(async () => {
  await engine.close()
})

beforeEach(async () => {
  session = await open()
  await run('CREATE OR REPLACE SCHEMA shop.lab')
  return async () => {
    await session.close()
  }
})

async function open(options: Partial<SessionOptions> = {}): Promise<SqlSession> {
  const parameters = new Map([['TIMEZONE', 'UTC']])
  return await engine.openSession({ user: 'ADA', database: 'SHOP', schema: 'LAB', parameters, ...options })
}

interface Answer {
  readonly columns: readonly ResultColumn[]
  readonly rows: readonly ResultRow[]
}

async function ask(sqlText: string, within: SqlSession = session, binds: readonly Bind[] = []): Promise<Answer> {
  queryCount += 1
  const request = { queryId: `q${queryCount}`, sqlText, binds, signal: new AbortController().signal }
  const result = await within.execute(request)
  const rows: ResultRow[] = []
  for await (const block of result.rows) rows.push(...block)
  return { columns: result.columns, rows }
}

async function run(
  sqlText: string,
  within: SqlSession = session,
  binds: readonly Bind[] = [],
): Promise<readonly ResultRow[]> {
  return (await ask(sqlText, within, binds)).rows
}

async function counts(sqlText: string): Promise<Record<string, string | null | undefined>> {
  const { columns, rows } = await ask(sqlText)
  return Object.fromEntries(columns.map(({ name }, index) => [name, rows[0]?.[index]]))
}

describe('expressions', () => {
  test.each([
    ['10 / 4', '2.500000', 'fixed'],
    ['10.00 / 3', '3.33333333', 'fixed'],
    ['99999999999999999999999999999 / 3', '33333333333333333333333333333.000000', 'fixed'],
    ['-7 / 2', '-3.500000', 'fixed'],
    ['2147483647 + 1', '2147483648', 'fixed'],
    ['99999999999999999999 * 10', '999999999999999999990', 'fixed'],
    ["'1' + 1", '2.00000', 'fixed'],
    ["'2024-01-05'::date - '2024-01-01'::date", '4', 'fixed'],
    ["'2024-01-01'::date", '19723', 'date'],
    ["'2024-01-01 10:00:00.5'::timestamp_ntz(3)", '1704103200.500', 'timestamp_ntz'],
    ["'2024-01-01 10:00:00 +02:00'::timestamp_tz(0)", '1704096000 1560', 'timestamp_tz'],
    ["'2024-01-01 10:00:00 +02:00'::timestamp_ntz(0)", '1704103200', 'timestamp_ntz'],
    ["'2024-01-01 10:00:00 +02:00'::timestamp_tz = '2024-01-01 08:00:00 +00:00'::timestamp_tz", '1', 'boolean'],
    ['PARSE_JSON(\'{"a":{"b":[7,"x"]}}\'):a.b[1]::string', 'x', 'text'],
    ['PARSE_JSON(\'{"a":1.5}\'):a::number', '2', 'fixed'],
    ['PARSE_JSON(\'{"a":"x"}\'):a = \'x\'', '1', 'boolean'],
    ['CASE WHEN TRUE THEN 1 ELSE 2.5 END', '1.0', 'fixed'],
    ["'abcdef'::varchar(3)", 'abc', 'text'],
    ["'A' ILIKE ANY ('b%', 'a')", '1', 'boolean'],
    ['NULL', null, 'text'],
    ['1.5::float', '1.5', 'real'],
    ["TRY_CAST('x' AS NUMBER)", null, 'fixed'],
  ])('%s is %s', async (sql, value, type) => {
    const { columns, rows } = await ask(`SELECT ${sql}`)
    expect([rows[0]?.[0], columns[0]?.type]).toEqual([value, type])
  })

  test('names of one scope that differ in case are two', async () => {
    expect(await run('SELECT "id", ID, "Id" FROM (SELECT 1 AS "id", 2 AS id, 3 AS "Id")')).toEqual([['1', '2', '3']])
  })

  test('an alias may be used behind it, and a column of the table hides it', async () => {
    await run('CREATE TABLE t AS SELECT 1 AS a, 5 AS b')
    expect(await run('SELECT a + 1 AS x, x * 2 AS y FROM t WHERE y = 4')).toEqual([['2', '4']])
    expect(await run('SELECT 7 AS b, b + 1 FROM t')).toEqual([['7', '6']])
  })

  test('binds stand for values of their types', async () => {
    const binds = [
      { type: 'FIXED', value: '-12.50' },
      { type: 'TEXT', value: "it's" },
      { type: 'TEXT', value: null },
    ]
    expect(await run('SELECT ? * 2, :2, ?', session, binds)).toEqual([['-25.00', "it's", "it's"]])
  })
})

describe('queries', () => {
  test.each([
    ["SELECT value::int FROM TABLE(FLATTEN(INPUT => PARSE_JSON('[3,1]'))) ORDER BY index", [['3'], ['1']]],
    ['WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 4) SELECT SUM(n) FROM c', [['10']]],
    ['SELECT * FROM (SELECT 1 x, 2 y) a JOIN (SELECT 1 x, 3 z) b USING (x)', [['1', '2', '3']]],
    [
      'SELECT * FROM (SELECT 1 a, 2 b) UNPIVOT (v FOR n IN (a, b)) ORDER BY n',
      [
        ['A', '1'],
        ['B', '2'],
      ],
    ],
    ["SELECT * FROM (SELECT 'x' k, 1 v) PIVOT (SUM(v) FOR k IN ('x', 'y'))", [['1', null]]],
    [
      'SELECT $1, column2 FROM VALUES (1, 2.5), (3, NULL) ORDER BY 1',
      [
        ['1', '2.5'],
        ['3', null],
      ],
    ],
    ['SELECT 1 AS a UNION SELECT 2.5 ORDER BY a DESC', [['2.5'], ['1.0']]],
    ['SELECT a FROM (SELECT 1 a UNION ALL SELECT NULL) ORDER BY a DESC', [[null], ['1']]],
    [
      'SELECT a, COUNT(*) FROM (SELECT 1 a UNION ALL SELECT 1) GROUP BY a QUALIFY ROW_NUMBER() OVER (ORDER BY a) = 1',
      [['1', '2']],
    ],
    ['SELECT a.x FROM (SELECT 2 x) a WHERE EXISTS (SELECT 1 FROM (SELECT 2 y) b WHERE b.y = a.x)', [['2']]],
  ])('%s', async (sql, rows) => {
    expect(await run(sql)).toEqual(rows)
  })

  test('the rows of a statement can be read again', async () => {
    await run("SELECT '2024-01-01'::date AS d, 'x' AS t")
    expect(await run('SELECT t, d + 1 FROM TABLE(RESULT_SCAN(LAST_QUERY_ID()))')).toEqual([['x', '19724']])
  })
})

describe('failures', () => {
  test.each([
    ['SELECT nope', '000904', "line 1 at position 7\ninvalid identifier 'NOPE'"],
    ['SELECT * FROM nope', '002003', "'NOPE' does not exist or not authorized"],
    ['SELECT nope(1)', '002140', 'Unknown function NOPE'],
    ['SELECT 1 / 0', '100051', 'Division by zero'],
    ["SELECT 'x'::number", '100038', "Numeric value 'x' is not recognized"],
    ["SELECT 'x'::boolean", '100037', "Boolean value 'x' is not recognized"],
    ['SELECT a FROM (SELECT 1 a) x, (SELECT 2 a) y', '000979', "ambiguous column name 'A'"],
    ['CREATE TABLE t (a NOPE)', '002040', "Unsupported data type 'NOPE'"],
    ['DROP TABLE nope', '002003', "'NOPE' does not exist"],
    ['USE SCHEMA nope', '002003', "'SHOP.NOPE' does not exist"],
    ['SELECT 1 UNION SELECT 1, 2', '001789', 'invalid number of result columns'],
  ])('%s fails with %s', async (sql, code, message) => {
    await expect(run(sql)).rejects.toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }))
  })
})

describe('writing', () => {
  test('defaults and identities fill what is not given', async () => {
    await run("CREATE TABLE t (id INT AUTOINCREMENT START 5 INCREMENT 2, a INT DEFAULT 1 + 1, b VARCHAR DEFAULT 'x')")
    expect(await counts("INSERT INTO t (b) VALUES ('y'), (DEFAULT)")).toEqual({ 'number of rows inserted': '2' })
    expect(await run('SELECT * FROM t ORDER BY id')).toEqual([
      ['5', '2', 'y'],
      ['7', '2', 'x'],
    ])
  })

  test('a text that is too long and a NULL that is forbidden are refused; a repeated key is not', async () => {
    await run('CREATE TABLE t (id INT NOT NULL PRIMARY KEY, a VARCHAR(2))')
    await run("INSERT INTO t VALUES (1, 'ab'), (1, 'cd')")
    await expect(run("INSERT INTO t SELECT 2, 'abc'")).rejects.toThrow(expect.objectContaining({ code: '100078' }))
    await expect(run("INSERT INTO t VALUES (NULL, 'a')")).rejects.toThrow(expect.objectContaining({ code: '100072' }))
    expect(await run('SELECT COUNT(*) FROM t')).toEqual([['2']])
  })

  test('an array bind inserts a row for each of its values', async () => {
    await run('CREATE TABLE t (a INT, b VARCHAR, c DATE)')
    const binds = [
      { type: 'FIXED', value: ['1', '2', null] },
      { type: 'TEXT', value: ['x', null, 'z'] },
      { type: 'TEXT', value: ['2024-01-01', null, '2024-01-03'] },
    ]
    await run('INSERT INTO t (a, b, c) VALUES (?, ?, ?)', session, binds)
    expect(await run('SELECT * FROM t ORDER BY a NULLS LAST')).toEqual([
      ['1', 'x', '19723'],
      ['2', null, null],
      [null, 'z', '19725'],
    ])
  })

  test('MERGE counts by action, takes the first branch that fits, and inserts what is new', async () => {
    await run("CREATE TABLE t AS SELECT column1 AS id, column2::varchar AS v FROM VALUES (1, 'a'), (2, 'b'), (3, 'c')")
    await run(
      "CREATE TABLE s AS SELECT column1 AS id, column2 AS v FROM VALUES (1, NULL), (2, 'B'), (4, 'd'), (5, 'e')",
    )
    const merge = `MERGE INTO t USING s ON t.id = s.id WHEN MATCHED AND s.v IS NULL THEN DELETE
      WHEN MATCHED THEN UPDATE SET t.v = s.v || t.v WHEN NOT MATCHED AND s.id < 5 THEN INSERT (id, v) VALUES (s.id, s.v)`
    expect(await counts(merge)).toEqual({
      'number of rows inserted': '1',
      'number of rows updated': '1',
      'number of rows deleted': '1',
    })
    expect(await run('SELECT * FROM t ORDER BY id')).toEqual([
      ['2', 'Bb'],
      ['3', 'c'],
      ['4', 'd'],
    ])
  })

  test('MERGE refuses two rows for one, and changes nothing', async () => {
    await run('CREATE TABLE t AS SELECT 1 AS id, 0 AS v')
    const merge = 'MERGE INTO t USING (SELECT 1 id, 1 v UNION ALL SELECT 1, 2) s ON t.id = s.id'
    await expect(run(`${merge} WHEN MATCHED THEN UPDATE SET v = s.v`)).rejects.toThrow(
      expect.objectContaining({ code: '100090' }),
    )
    expect(await counts(`${merge} AND s.v = 2 WHEN MATCHED THEN UPDATE SET v = s.v`)).toEqual({
      'number of rows updated': '1',
    })
    expect(await run('SELECT v FROM t')).toEqual([['2']])
  })

  test('UPDATE joins, DELETE joins, and INSERT OVERWRITE replaces all rows', async () => {
    await run('CREATE TABLE t AS SELECT column1 AS id, column2::int AS v FROM VALUES (1, 1), (2, 2)')
    await run('UPDATE t SET v = s.v + t.v FROM (SELECT 1 id, 10 v) s WHERE t.id = s.id')
    await run('DELETE FROM t AS x USING (SELECT 2 id) s WHERE x.id = s.id')
    expect(await run('SELECT * FROM t')).toEqual([['1', '11']])
    await run('INSERT OVERWRITE INTO t SELECT 9, 9')
    expect(await run('SELECT * FROM t')).toEqual([['9', '9']])
  })

  test('a transaction is unseen by others until it commits, and DDL commits it', async () => {
    await run('CREATE TABLE t (a INT)')
    const other = await open()
    await run('BEGIN')
    await run('INSERT INTO t VALUES (1)')
    expect(await run('SELECT COUNT(*) FROM t', other)).toEqual([['0']])
    await run('ROLLBACK')
    await run('BEGIN')
    await run('INSERT INTO t VALUES (2)')
    await run('CREATE TABLE u (a INT)')
    await run('ROLLBACK')
    expect(await run('SELECT a FROM t', other)).toEqual([['2']])
    await other.close()
  })
})

describe('definitions', () => {
  test('DESCRIBE tells types, keys and defaults as Snowflake spells them', async () => {
    await run(
      "CREATE TABLE t (id INT PRIMARY KEY, n NUMERIC(10,2) DEFAULT 0, s STRING COMMENT 'c', ts TIMESTAMP, v VARIANT)",
    )
    const described = await run('DESCRIBE TABLE t')
    expect(described.map((row) => [row[0], row[1], row[3], row[4], row[5], row[9]])).toEqual([
      ['ID', 'NUMBER(38,0)', 'N', null, 'Y', null],
      ['N', 'NUMBER(10,2)', 'Y', '0', 'N', null],
      ['S', 'VARCHAR(16777216)', 'Y', null, 'N', 'c'],
      ['TS', 'TIMESTAMP_NTZ(9)', 'Y', null, 'N', null],
      ['V', 'VARIANT', 'Y', null, 'N', null],
    ])
  })

  test('columns are added, renamed, widened and dropped', async () => {
    await run('CREATE TABLE t AS SELECT 1 AS a')
    await run("ALTER TABLE t ADD COLUMN IF NOT EXISTS a INT, b VARCHAR(2) DEFAULT 'x', c INT")
    await run('ALTER TABLE t RENAME COLUMN b TO d')
    await run('ALTER TABLE t ALTER COLUMN d SET DATA TYPE VARCHAR(20), COLUMN a DROP NOT NULL')
    await run('ALTER TABLE t DROP COLUMN c')
    await expect(run('ALTER TABLE t ALTER a SET DATA TYPE VARCHAR')).rejects.toThrow(
      expect.objectContaining({ code: '002108' }),
    )
    expect((await ask('SELECT * FROM t')).columns.map(({ name, length }) => [name, length])).toEqual([
      ['A', undefined],
      ['D', 20],
    ])
    expect(await run('SELECT * FROM t')).toEqual([['1', 'x']])
  })

  test('an ALTER that fails leaves the table as it was', async () => {
    await run('CREATE TABLE t AS SELECT 1 AS a')
    await expect(run('ALTER TABLE t ADD COLUMN b INT, c INT NOT NULL')).rejects.toThrow('NULL')
    expect((await ask('SELECT * FROM t')).columns.map(({ name }) => name)).toEqual(['A'])
    await run('ALTER TABLE t ADD COLUMN b INT')
    expect(await run('SELECT * FROM t')).toEqual([['1', null]])
  })

  test('tables are made by several sessions at once', async () => {
    const others = await Promise.all([1, 2, 3].map(async () => await open()))
    await Promise.all(others.map(async (other, index) => await run(`CREATE TABLE t${index} (a INT)`, other)))
    expect(await run("SHOW TERSE TABLES LIKE 't%'")).toHaveLength(3)
    await Promise.all(others.map(async (other) => await other.close()))
  })

  test('a dynamic table has its rows anew when it is refreshed', async () => {
    await run('CREATE TABLE t AS SELECT 1 AS a')
    await run("CREATE DYNAMIC TABLE d TARGET_LAG = '1 minute' WAREHOUSE = w AS SELECT SUM(a) AS total FROM t")
    await run('INSERT INTO t SELECT 4')
    expect(await run('SELECT total FROM d')).toEqual([['1']])
    await run('ALTER DYNAMIC TABLE d REFRESH')
    expect(await run('SELECT total FROM d')).toEqual([['5']])
  })

  test('an alert acts when its condition holds', async () => {
    await run('CREATE TABLE t (a INT)')
    await run(
      "CREATE ALERT w SCHEDULE = '1 MINUTE' IF (EXISTS (SELECT 1 FROM t HAVING COUNT(*) < 1)) THEN INSERT INTO t VALUES (1)",
    )
    await run('EXECUTE ALERT w')
    await run('EXECUTE ALERT w')
    expect(await run('SELECT a FROM t')).toEqual([['1']])
  })

  test('SWAP exchanges tables, CLONE copies one, UNDROP brings one back', async () => {
    await run('CREATE TABLE a AS SELECT 1 AS x')
    await run('CREATE TABLE b AS SELECT 2 AS y')
    await run('ALTER TABLE a SWAP WITH b')
    expect(await run('SELECT y FROM a')).toEqual([['2']])
    await run('CREATE TABLE c CLONE a')
    await run('DELETE FROM a')
    expect(await run('SELECT y FROM c')).toEqual([['2']])
    await run('DROP TABLE c')
    await expect(run('SELECT * FROM c')).rejects.toThrow(expect.objectContaining({ code: '002003' }))
    await run('UNDROP TABLE c')
    expect(await run('SELECT y FROM c')).toEqual([['2']])
  })

  test('a temporary table hides the permanent one of its name, and ends with its session', async () => {
    await run('CREATE TABLE t AS SELECT 1 AS a')
    const other = await open()
    await run('CREATE TEMPORARY TABLE t AS SELECT 2 AS a', other)
    expect([await run('SELECT a FROM t'), await run('SELECT a FROM t', other)]).toEqual([[['1']], [['2']]])
    await other.close()
    expect(await run('SELECT a FROM t')).toEqual([['1']])
  })

  test('a view looks its names up where it stands', async () => {
    await run('CREATE TABLE t AS SELECT 1 AS a')
    await run("CREATE VIEW v (renamed COMMENT 'c') AS SELECT a FROM t")
    await run('CREATE SCHEMA shop.elsewhere')
    expect(await ask('SELECT * FROM lab.v')).toMatchObject({ columns: [{ name: 'RENAMED' }], rows: [['1']] })
    await run('DROP SCHEMA shop.elsewhere')
  })

  test('SHOW and INFORMATION_SCHEMA know tables, types and row counts', async () => {
    await run('CREATE TRANSIENT TABLE t AS SELECT 1.5 AS a')
    await run('CREATE VIEW v AS SELECT 1 AS b')
    const shown = await ask('SHOW OBJECTS IN SCHEMA shop.lab')
    const place = (name: string): number => shown.columns.findIndex((column) => column.name === name)
    expect(shown.rows.map((row) => ['name', 'kind', 'rows', 'is_dynamic'].map((name) => row[place(name)]))).toEqual([
      ['T', 'TABLE', '1', 'N'],
      ['V', 'VIEW', null, 'N'],
    ])
    expect(
      await run(
        "SELECT table_name, data_type, numeric_scale FROM shop.information_schema.columns WHERE table_schema = 'LAB' ORDER BY 1",
      ),
    ).toEqual([
      ['T', 'NUMBER', '1'],
      ['V', 'NUMBER', '0'],
    ])
    expect(await run("SELECT row_count FROM information_schema.tables WHERE table_name = 'T'")).toEqual([['1']])
  })

  test('a task runs its statement, and then the tasks behind it', async () => {
    await run('CREATE TABLE t (a INT)')
    await run("CREATE TASK one SCHEDULE = '1 MINUTE' AS INSERT INTO t VALUES (1)")
    await run('CREATE TASK two AFTER one AS INSERT INTO t SELECT MAX(a) + 1 FROM t')
    await run('ALTER TASK two RESUME')
    await run('EXECUTE TASK one')
    expect(await run('SELECT a FROM t ORDER BY a')).toEqual([['1'], ['2']])
  })
})

describe('versions', () => {
  test('a table can be seen as it was before each statement that changed it', async () => {
    await run('CREATE TABLE t AS SELECT column1::int AS id, column2::int AS v FROM VALUES (1, 10), (2, 20)')
    const changes = [
      'UPDATE t SET v = v + 1 WHERE id = 1',
      'DELETE FROM t WHERE id = 2',
      'MERGE INTO t USING (SELECT 1 id UNION ALL SELECT 3) s ON t.id = s.id WHEN MATCHED THEN UPDATE SET v = 0 WHEN NOT MATCHED THEN INSERT VALUES (3, 30)',
      'TRUNCATE TABLE t',
    ]
    const ids: string[] = []
    for (const change of changes) {
      await run(change)
      ids.push(`q${queryCount}`)
    }
    const before = [
      [
        ['1', '10'],
        ['2', '20'],
      ],
      [
        ['1', '11'],
        ['2', '20'],
      ],
      [['1', '11']],
      [
        ['1', '0'],
        ['3', '30'],
      ],
    ]
    for (const [index, id] of ids.entries()) {
      expect(await run(`SELECT * FROM t BEFORE (STATEMENT => '${id}') ORDER BY id`)).toEqual(before[index])
    }
    await run(`CREATE TABLE c CLONE t AT (STATEMENT => '${ids[0]}')`)
    expect(await run('SELECT * FROM c ORDER BY id')).toEqual(before[1])
    expect(await run('SELECT COUNT(*) FROM t AT (TIMESTAMP => CURRENT_TIMESTAMP())')).toEqual([['0']])
    await expect(run('SELECT * FROM t AT (OFFSET => -3600)')).rejects.toThrow(
      expect.objectContaining({ code: '000707' }),
    )
  })

  test('what a transaction took back was never there', async () => {
    await run('CREATE TABLE t AS SELECT 1 AS a')
    await run('BEGIN')
    await run('DELETE FROM t')
    await run('ROLLBACK')
    await run('UPDATE t SET a = 2')
    expect(await run(`SELECT a FROM t BEFORE (STATEMENT => 'q${queryCount}')`)).toEqual([['1']])
  })

  test('a stream tells what has changed, until a statement that changes rows has read it', async () => {
    await run('CREATE TABLE t (id INT, v INT)')
    await run('INSERT INTO t VALUES (1, 10), (2, 20)')
    await run('CREATE STREAM s ON TABLE t')
    await run('CREATE STREAM appended ON TABLE t APPEND_ONLY = TRUE')
    await run('INSERT INTO t VALUES (3, 30), (4, 40)')
    await run('UPDATE t SET v = 0 WHERE id IN (1, 4)')
    await run('DELETE FROM t WHERE id IN (2, 3)')
    const changes = [
      ['1', '0', 'INSERT', '1'],
      ['1', '10', 'DELETE', '1'],
      ['2', '20', 'DELETE', '0'],
      ['4', '0', 'INSERT', '0'],
    ]
    const read = 'SELECT id, v, metadata$action, metadata$isupdate FROM s ORDER BY 1, 2'
    expect(await run(read)).toEqual(changes)
    expect(await run(read)).toEqual(changes)
    expect(await run('SELECT id FROM appended ORDER BY 1')).toEqual([['3'], ['4']])
    await run('CREATE TABLE log (id INT)')
    await run('BEGIN')
    await run('INSERT INTO log SELECT id FROM s')
    await run('ROLLBACK')
    expect(await run(read)).toEqual(changes)
    await run('INSERT INTO log SELECT id FROM s')
    expect(await run(read)).toEqual([])
    await run('INSERT INTO t VALUES (5, 50)')
    expect(await run(read)).toEqual([['5', '50', 'INSERT', '0']])
  })
})

test('what COPY INTO has loaded stands in the load history', async () => {
  await run('CREATE TABLE t (a INT, b VARCHAR)')
  await run('CREATE STAGE st')
  const request = { queryId: 'put', sqlText: 'PUT file:///x.csv @st', signal: new AbortController().signal }
  const { transfer } = await session.execute(request)
  await writeFile(join(transfer?.stageDirectory ?? '', 'x.csv'), '1,a\n2,b\n')
  await run('COPY INTO t FROM @st')
  expect(await run('SELECT table_name, file_name, row_count FROM information_schema.load_history')).toEqual([
    ['T', 'x.csv', '2'],
  ])
  expect(await run("SELECT status FROM TABLE(information_schema.copy_history(TABLE_NAME => 't'))")).toEqual([
    ['Loaded'],
  ])
})

describe('roles', () => {
  test('a role sees what it was granted and no more', async () => {
    await run('CREATE TABLE t AS SELECT 1 AS a')
    await run('CREATE TABLE secret AS SELECT 1 AS a')
    await run('CREATE OR REPLACE ROLE reader')
    for (const on of ['USAGE ON DATABASE shop', 'USAGE ON SCHEMA shop.lab', 'SELECT ON TABLE t']) {
      await run(`GRANT ${on} TO ROLE reader`)
    }
    const reader = await open({ role: 'READER' })
    expect(await run('SELECT a FROM t', reader)).toEqual([['1']])
    await expect(run('SELECT a FROM secret', reader)).rejects.toThrow(expect.objectContaining({ code: '002003' }))
    await expect(run('DELETE FROM t', reader)).rejects.toThrow(expect.objectContaining({ code: '003001' }))
    await expect(run('CREATE TABLE u (a INT)', reader)).rejects.toThrow(expect.objectContaining({ code: '003001' }))
    await run('REVOKE SELECT ON TABLE t FROM ROLE reader')
    await expect(run('SELECT a FROM t', reader)).rejects.toThrow(expect.objectContaining({ code: '002003' }))
    await reader.close()
  })

  test('grants of the future hold for tables that are made later', async () => {
    await run('CREATE OR REPLACE ROLE later')
    await run('GRANT USAGE ON DATABASE shop TO ROLE later')
    await run('GRANT USAGE ON SCHEMA shop.lab TO ROLE later')
    await run('GRANT SELECT ON FUTURE TABLES IN SCHEMA shop.lab TO ROLE later')
    await run('CREATE TABLE t AS SELECT 1 AS a')
    const later = await open({ role: 'LATER' })
    expect(await run('SELECT a FROM t', later)).toEqual([['1']])
    await later.close()
  })
})

test('a table that is replaced again and again leaves few copies behind', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'snowflake-engine-'))
  try {
    const replaced = await openEngine({ directory })
    const builder = await replaced.openSession({ user: 'ADA' })
    await run('CREATE DATABASE d', builder)
    for (const value of [1, 2, 3, 4, 5]) await run(`CREATE OR REPLACE TABLE t AS SELECT ${value} AS a`, builder)
    await run('DROP TABLE t', builder)
    await run('UNDROP TABLE t', builder)
    expect(await run('SELECT a FROM t', builder)).toEqual([['5']])
    await builder.close()
    await replaced.close()
    const file = await DuckDBInstance.create(join(directory, 'snowflake.duckdb'))
    const reader = await file.connect()
    const tables = await reader.runAndReadAll(
      "SELECT table_name FROM duckdb_tables() WHERE regexp_matches(table_name, '^t[0-9]+$')",
    )
    // The table itself, and the one before it, which could be brought back.
    expect(tables.getRows()).toHaveLength(2)
    reader.closeSync()
    file.closeSync()
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})

test('a database on disk has its tables, names and rows again when it is opened anew', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'snowflake-engine-'))
  try {
    const before = await openEngine({ directory })
    const writer = await before.openSession({ user: 'ADA' })
    await run('CREATE DATABASE d', writer)
    await run('CREATE TABLE "t" ("a" NUMBER(5,2) DEFAULT 1.5, A INT AUTOINCREMENT)', writer)
    await run('INSERT INTO "t" ("a") VALUES (DEFAULT), (2)', writer)
    await writer.close()
    await before.close()
    const after = await openEngine({ directory })
    const reader = await after.openSession({ user: 'ADA', database: 'D' })
    await run('INSERT INTO "t" ("a") VALUES (3)', reader)
    expect(await run('SELECT "a", A FROM "t" ORDER BY 1', reader)).toEqual([
      ['1.50', '1'],
      ['2.00', '2'],
      ['3.00', '3'],
    ])
    await reader.close()
    await after.close()
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})

test('FLATTEN beside a table keeps the order of entries, also under a filter and for rows that have none', async () => {
  await run(
    "CREATE TABLE t AS SELECT 1 AS id, PARSE_JSON('[30,20,10]') AS v UNION ALL SELECT 2, PARSE_JSON('[2,1]') UNION ALL SELECT 3, PARSE_JSON('[]')",
  )
  const source = 'SELECT id, f.index, f.value::INT FROM t, LATERAL FLATTEN(INPUT => t.v) f WHERE f.value < 25'
  expect(await run(source)).toEqual([
    ['1', '1', '20'],
    ['1', '2', '10'],
    ['2', '0', '2'],
    ['2', '1', '1'],
  ])
  expect(await run('SELECT id, value FROM t LEFT JOIN LATERAL FLATTEN(t.v) WHERE id <> 1')).toEqual([
    ['2', '2'],
    ['2', '1'],
    ['3', null],
  ])
  expect(
    await run(
      "SELECT t.id, g.value FROM t JOIN (SELECT 2 AS id) u USING (id), TABLE(FLATTEN(v)) f, LATERAL FLATTEN(ARRAY_CONSTRUCT(f.value, 'x')) g WHERE id = 2 AND f.index = 0",
    ),
  ).toEqual([
    ['2', '2'],
    ['2', '"x"'],
  ])
})

test('a time with more digits than microseconds is refused, wherever it comes from', async () => {
  const texts = [
    "'2024-01-01 10:00:00.123456789'::TIMESTAMP_NTZ",
    "'2024-01-01 10:00:00.123456789 +0100'::TIMESTAMP_TZ",
    "'2024-01-01 10:00:00.123456789'::TIMESTAMP_LTZ",
    "'10:00:00.1234567'::TIME",
    "TO_TIMESTAMP('2024-01-01 10:00:00.123456789', 'YYYY-MM-DD HH24:MI:SS.FF9')",
    "TO_TIMESTAMP('1712345678123456789')",
    'TO_TIMESTAMP(1712345678123456789, 9)',
    "DATEADD('nanosecond', 1, '2024-01-01'::TIMESTAMP)",
    'TIME_FROM_PARTS(1, 2, 3, 4)',
  ]
  for (const text of texts) await expect(run(`SELECT ${text}`)).rejects.toMatchObject({ code: '000002' })
  const binds = [{ type: 'TIMESTAMP_NTZ', value: '1712345678123456789' }]
  await expect(run('SELECT ?', session, binds)).rejects.toMatchObject({ code: '000002' })
  expect(
    await run("SELECT '2024-01-01 10:00:00.123456000'::TIMESTAMP_NTZ, TO_TIMESTAMP(1712345678123456000, 9)"),
  ).toEqual([['1704103200.123456000', '1712345678.123456000']])
})

test('SYSTEM$TYPEOF tells type and storage, SYSTEM$WAIT waits and can be canceled', async () => {
  expect(
    await run("SELECT SYSTEM$TYPEOF(1), SYSTEM$TYPEOF('abc'), SYSTEM$TYPEOF(NULL), SYSTEM$TYPEOF(1e10::FLOAT)"),
  ).toEqual([['NUMBER(1,0)[SB1]', 'VARCHAR(3)[LOB]', 'NULL[LOB]', 'FLOAT[DOUBLE]']])
  expect(await run("SELECT SYSTEM$WAIT(1, 'MILLISECONDS')")).toEqual([['waited 1 milliseconds']])
  const waiting = session.execute({
    queryId: 'wait',
    sqlText: 'SELECT SYSTEM$WAIT(600)',
    signal: AbortSignal.timeout(20),
  })
  await expect(waiting).rejects.toMatchObject({ code: '000604' })
})

test('the past reaches back by the retention of its table, and by what a stream has still to read', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'snowflake-past-'))
  const kept = await openEngine({ directory })
  const one = await kept.openSession({ user: 'ADA' })
  try {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
    await run('CREATE DATABASE d', one)
    for (const name of ['plain', 'streamed']) await run(`CREATE TABLE d.public.${name} AS SELECT 1 AS a`, one)
    await run('CREATE STREAM d.public.s ON TABLE d.public.streamed', one)
    for (const name of ['plain', 'streamed']) await run(`UPDATE d.public.${name} SET a = 2`, one)
    vi.setSystemTime(Date.now() + 36 * 3_600_000)
    for (const name of ['plain', 'streamed']) await run(`UPDATE d.public.${name} SET a = 3`, one)
    await expect(run('SELECT a FROM d.public.plain AT (OFFSET => -100000)', one)).rejects.toMatchObject({
      code: '000707',
    })
    expect(await run('SELECT a FROM d.public.plain AT (OFFSET => -80000)', one)).toEqual([['2']])
    expect(await run('SELECT a, METADATA$ACTION FROM d.public.s ORDER BY 1', one)).toEqual([
      ['1', 'DELETE'],
      ['3', 'INSERT'],
    ])
  } finally {
    vi.useRealTimers()
    await one.close()
    await kept.close()
  }
  const instance = await DuckDBInstance.create(join(directory, 'snowflake.duckdb'))
  const connection = await instance.connect()
  const tables = await (
    await connection.run(
      "SELECT table_name FROM duckdb_tables() WHERE table_name LIKE '%history' AND table_name <> 'sf_load_history' ORDER BY table_oid",
    )
  ).getRows()
  const lengths = await Promise.all(
    tables.map(async ([name]) => await (await connection.run(`SELECT count(*)::INT FROM "${String(name)}"`)).getRows()),
  )
  expect(lengths).toEqual([[[1]], [[2]]])
  connection.closeSync()
  instance.closeSync()
  await rm(directory, { recursive: true })
})
