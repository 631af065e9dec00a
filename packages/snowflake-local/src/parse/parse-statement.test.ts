import { expect, test } from 'vitest'
import { tokenize } from './lexer.ts'
import { parseExpressionText, parseStatement } from './parse-statement.ts'
import { splitStatements } from './split-statements.ts'

const valuesOf = (sql: string): readonly string[] => tokenize(sql).map(({ text }) => text)

test('a string ends at its quote, not at a doubled or an escaped one', () => {
  expect(valuesOf(String.raw`'it''s' 'a\'b' 'x\\' 'A\x42\t'`)).toEqual(["it's", "a'b", 'x\\', 'AB\t', '<EOF>'])
})

test('nothing is special between double dollars', () => {
  expect(valuesOf(String.raw`$$it's \n --no comment$$`)).toEqual([String.raw`it's \n --no comment`, '<EOF>'])
})

test('three kinds of comments are blank', () => {
  expect(valuesOf('1 -- one\n+ // two\n2 /* ; */ * 3')).toEqual(['1', '+', '2', '*', '3', '<EOF>'])
})

test('the address of a file is no comment', () => {
  expect(parseStatement("PUT 'file:///tmp/a b.csv' @~/x PARALLEL = 8")).toMatchObject({
    kind: 'put',
    localPath: '/tmp/a b.csv',
    location: '~/x',
  })
  expect(parseStatement("PUT file://1'@SYSTEM$BIND/ab-c' overwrite=true")).toMatchObject({
    localPath: '1',
    location: 'SYSTEM$BIND/ab-c',
  })
})

test('statements are parted by semicolons outside of strings and comments', () => {
  expect(splitStatements("select ';' ; ; -- ;\n select 2;")).toEqual(["select ';'", 'select 2'])
  const block =
    'begin if (a) then for i in 1 to case when b then 2 end do x := 1; end for; end if; begin null; end; end'
  const declared = 'declare x int; begin repeat null; until (true) end repeat; begin transaction; commit; end'
  const made = 'create procedure p() returns int language sql as begin return 1; end'
  expect(splitStatements(`begin; ${block}; ${declared}; ${made}; begin transaction; commit; select 1`)).toEqual([
    'begin',
    block,
    declared,
    made,
    'begin transaction',
    'commit',
    'select 1',
  ])
})

test('an identifier is folded unless it is quoted', () => {
  expect(parseExpressionText('a."b"."C ""d"""')).toMatchObject({ name: { parts: ['A', 'b', 'C "d"'] }, quoted: true })
})

test('a cast binds before a sign, a sign before a product, AND before OR', () => {
  expect(parseExpressionText('-a::int * 2')).toMatchObject({
    operator: '*',
    left: { kind: 'negate', operand: { kind: 'cast' } },
  })
  expect(parseExpressionText('a OR b AND NOT c = 1')).toMatchObject({
    operator: 'OR',
    right: { operator: 'AND', right: { kind: 'not', operand: { operator: '=' } } },
  })
})

test('a path goes on with points and brackets, and its keys are not folded', () => {
  expect(parseExpressionText('v:a.Bc[0]["d"]::int')).toMatchObject({
    kind: 'cast',
    operand: { kind: 'path', steps: [{ key: 'a' }, { key: 'Bc' }, { kind: 'element' }, { kind: 'element' }] },
  })
})

test('a colon with a number is a bind, and question marks are numbered', () => {
  expect(parseExpressionText('? + ? * :1')).toMatchObject({
    left: { kind: 'bind', index: 1 },
    right: { left: { index: 2 }, right: { index: 1 } },
  })
})

test.each([
  ['SELEC 1', "line 1 at position 0 unexpected 'SELEC'"],
  ['SELECT 1\n  FROM', "line 2 at position 6 unexpected '<EOF>'"],
  ['SELECT (1', "line 1 at position 9 unexpected '<EOF>'"],
  ["SELECT 'abc", 'line 1 at position 7 parse error'],
  ['SELECT 1 1', "line 1 at position 9 unexpected '1'"],
  ['CREATE TABLE t (a int', "line 1 at position 21 unexpected '<EOF>'"],
])('%j fails with its place', (sql, place) => {
  expect(() => parseStatement(sql)).toThrow(
    expect.objectContaining({ code: '001003', message: expect.stringContaining(place) }),
  )
})

test.each([
  ['SELECT * EXCLUDE (a) REPLACE (b AS b) RENAME c AS d FROM t', 'query'],
  [
    'SELECT a FROM t AT (OFFSET => -60) AS x QUALIFY ROW_NUMBER() OVER (PARTITION BY a ORDER BY b NULLS LAST) = 1',
    'query',
  ],
  ['SELECT * FROM t SAMPLE (10 ROWS) LIMIT 5 OFFSET 1', 'query'],
  ['WITH RECURSIVE a (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a) SELECT TOP 3 n FROM a', 'query'],
  ['SELECT SUM(a) OVER (ORDER BY b ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t GROUP BY ALL', 'query'],
  ['(SELECT 1) UNION ALL (SELECT 2) ORDER BY 1', 'query'],
  ['INSERT OVERWRITE INTO t (a) SELECT 1', 'insert'],
  ['INSERT FIRST WHEN a > 1 THEN INTO t ELSE INTO u SELECT 1 a', 'insertAll'],
  [
    'CREATE OR REPLACE TEMP TABLE t (a INT IDENTITY(1,1) COMMENT $$x$$, CONSTRAINT k UNIQUE (a) NOT ENFORCED)',
    'createTable',
  ],
  ["CREATE DYNAMIC TABLE t TARGET_LAG = '1 minute' WAREHOUSE = w AS SELECT 1 a", 'createTable'],
  ["CREATE TASK k SCHEDULE = '1 MINUTE' AFTER a, b WHEN 1 = 1 AS INSERT INTO t VALUES (1)", 'createObject'],
  ["ALTER TABLE t ADD COLUMN IF NOT EXISTS a INT, b VARCHAR(3) DEFAULT 'x'", 'alterTable'],
  ['ALTER WAREHOUSE w SET WAREHOUSE_SIZE = XSMALL AUTO_SUSPEND = 60', 'alterObject'],
  ['GRANT SELECT, INSERT ON FUTURE TABLES IN SCHEMA a.b TO ROLE r WITH GRANT OPTION', 'grant'],
  ["SHOW TERSE TABLES LIKE 'a%' IN SCHEMA a.b STARTS WITH 'A' LIMIT 5", 'show'],
])('%s is understood', (sql, kind) => {
  expect(parseStatement(sql).kind).toBe(kind)
})

test('a function of the system is called as a procedure is, and is a query', () => {
  expect(parseStatement('CALL SYSTEM$WAIT(1)')).toMatchObject({
    kind: 'query',
    body: { items: [{ expression: { name: 'SYSTEM$WAIT', arguments: [{ text: '1' }] }, alias: 'SYSTEM$WAIT' }] },
  })
  expect(parseStatement('CALL mine(1)')).toMatchObject({ kind: 'call' })
})
