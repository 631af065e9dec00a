import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { runStatement } from '../conformance/run-cases.ts'
import type { Rows } from '../conformance/run-cases.ts'
import { openEngine } from '../engine/engine.ts'
import type { Engine, SqlSession } from '../engine/engine.ts'

let engine: Engine
let session: SqlSession
let count = 0

async function run(sql: string, within: SqlSession = session): Promise<Rows> {
  count += 1
  return await runStatement(within, `q${count}`, sql)
}

beforeAll(async () => {
  engine = await openEngine()
  session = await engine.openSession({ user: 'ADA' })
  await run('CREATE DATABASE db')
})

beforeEach(async () => {
  await run('CREATE OR REPLACE SCHEMA db.public')
  await run('USE SCHEMA db.public')
  await run('CREATE TABLE t (id INT, s VARCHAR)')
})

afterAll(async () => {
  await session.close()
  await engine.close()
})

describe('a script', () => {
  test.each([
    ['its RETURN', "BEGIN RETURN 'a;b' || 1; END", 'a;b1'],
    ['NULL without one', 'BEGIN NULL; END;', null],
    [
      'variables with types',
      "DECLARE a NUMBER(10,2) DEFAULT 1.005; b VARCHAR := 'x''y\\\\z'; BEGIN LET c := a + 1; RETURN b || c; END",
      "x'y\\z2.01",
    ],
    [
      'IF, ELSEIF and ELSE',
      "BEGIN LET n := 2; IF (n = 1) THEN RETURN 'one'; ELSEIF (n = 2) THEN RETURN 'two'; ELSE RETURN 'more'; END IF; END",
      'two',
    ],
    [
      'FOR over numbers',
      'BEGIN LET s := 0; FOR i IN 1 TO 4 DO IF (i = 2) THEN CONTINUE; END IF; s := s + i; END FOR; RETURN s; END',
      '8',
    ],
    ['FOR backwards', "BEGIN LET s := ''; FOR i IN REVERSE 1 TO 3 DO s := s || i; END FOR; RETURN s; END", '321'],
    [
      'WHILE, LOOP and REPEAT',
      'DECLARE n INT DEFAULT 0; BEGIN WHILE (n < 3) DO n := n + 1; END WHILE; LOOP n := n + 10; IF (n > 30) THEN BREAK; END IF; END LOOP; REPEAT n := n + 100; UNTIL (n > 200) END REPEAT; RETURN n; END',
      '233',
    ],
    [
      'CASE within expressions',
      "BEGIN LET n := CASE WHEN TRUE THEN 1 ELSE 2 END; RETURN CASE n WHEN 1 THEN 'x' END; END",
      'x',
    ],
    ['an inner block whose variables end with it', 'BEGIN LET a := 1; BEGIN LET a := 2; END; RETURN a; END', '1'],
    [
      'dates and JSON as they were',
      "BEGIN LET d := '2024-02-29'::DATE; LET v := PARSE_JSON('{\"a\":[1,2]}'); RETURN v:a[1]::INT + DAY(d); END",
      '31',
    ],
  ])('gives %s', async (_, script, expected) => {
    expect(await run(script)).toEqual([[expected]])
    expect(await run(`EXECUTE IMMEDIATE $$ ${script} $$`)).toEqual([[expected]])
  })

  test('runs statements with the values of its variables, and reads into them', async () => {
    const rows = await run(`
      DECLARE total INT; name VARCHAR DEFAULT 't';
      BEGIN
        FOR i IN 1 TO 3 DO
          INSERT INTO IDENTIFIER(:name) SELECT :i, 'row ' || :i;
        END FOR;
        LET changed := SQLROWCOUNT;
        UPDATE t SET s = s || '!' WHERE id >= 2;
        SELECT SUM(id), MAX(s) INTO :total, :name FROM t;
        LET found RESULTSET := (SELECT id, s FROM t WHERE id < :total ORDER BY id);
        LET seen := '';
        FOR r IN found DO
          seen := seen || r.id || r.s;
        END FOR;
        RETURN seen || total || name || SQLROWCOUNT;
      END`)
    expect(rows).toEqual([['1row 12row 2!3row 3!6row 3!2']])
    expect(
      await run('BEGIN LET r RESULTSET := (SELECT id, s FROM t ORDER BY id DESC LIMIT 2); RETURN TABLE(r); END'),
    ).toEqual([
      ['3', 'row 3!'],
      ['2', 'row 2!'],
    ])
    expect(await run("EXECUTE IMMEDIATE 'SELECT s FROM t WHERE id = ?' USING (1 + 1)")).toEqual([['row 2!']])
    expect(await run("BEGIN LET q := 'SELECT COUNT(*) FROM t'; EXECUTE IMMEDIATE :q; RETURN 'done'; END")).toEqual([
      ['done'],
    ])
  })

  test('handles what fails, and what it raises itself; what nobody handles is the statement’s own error', async () => {
    expect(
      await run(
        "DECLARE e EXCEPTION (-20002, 'mine'); BEGIN INSERT INTO t VALUES (1, 'a'); IF (TRUE) THEN RAISE e; END IF; EXCEPTION WHEN STATEMENT_ERROR THEN RETURN 'no'; WHEN e THEN RETURN SQLCODE || SQLERRM; END",
      ),
    ).toEqual([['-20002mine']])
    expect(await run('SELECT COUNT(*) FROM t')).toEqual([['1']])
    expect(await run('BEGIN SELECT 1 / 0; EXCEPTION WHEN OTHER THEN RETURN SQLSTATE; END')).toEqual([['22012']])
    await expect(run('BEGIN SELECT 1 / 0; END')).rejects.toMatchObject({ code: '100051' })
    await expect(run('BEGIN SELECT 1 / 0; EXCEPTION WHEN OTHER THEN RAISE; END')).rejects.toMatchObject({
      code: '100051',
    })
  })

  test.each([
    ['BEGIN LET x := ; END', '001003'],
    ['BEGIN IF (TRUE) THEN NULL; END; END', '001003'],
    ['BEGIN y := 1; END', '000904'],
    ['BEGIN OPEN c; END', '000002'],
    ["CREATE PROCEDURE p() RETURNS INT LANGUAGE PYTHON AS 'x'", '000002'],
    ['CALL nothing(1)', '002141'],
  ])('refuses %s', async (script, code) => {
    await expect(run(script)).rejects.toMatchObject({ code })
  })
})

describe('a procedure', () => {
  test('is called with arguments by place and by name, and gives what it says', async () => {
    await run(
      "CREATE OR REPLACE PROCEDURE fill(n INT, word VARCHAR DEFAULT 'w') RETURNS VARCHAR LANGUAGE SQL EXECUTE AS CALLER AS $$ BEGIN FOR i IN 1 TO n DO INSERT INTO t VALUES (:i, :word); END FOR; RETURN n; END $$",
    )
    expect(await run('CALL fill(2)')).toEqual([['2']])
    expect(await run("CALL db.public.fill(word => 'x', n => 1)")).toEqual([['1']])
    expect(await run('SELECT id, s FROM t ORDER BY s, id')).toEqual([
      ['1', 'w'],
      ['2', 'w'],
      ['1', 'x'],
    ])
    await run(
      'CREATE PROCEDURE outer_one() RETURNS TABLE() LANGUAGE SQL AS BEGIN CALL fill(1); LET r RESULTSET := (SELECT COUNT(*) FROM t); RETURN TABLE(r); END',
    )
    expect(await run('CALL outer_one()')).toEqual([['4']])
    await run('DROP PROCEDURE fill(INT, VARCHAR)')
    await expect(run('CALL fill(2)')).rejects.toMatchObject({ code: '002141' })
  })

  test('has the rights of its owner, or of who calls it', async () => {
    await run('INSERT INTO t VALUES (1, NULL)')
    for (const [name, as] of [
      ['mine', 'OWNER'],
      ['yours', 'CALLER'],
    ] as const) {
      await run(
        `CREATE PROCEDURE ${name}() RETURNS INT LANGUAGE SQL EXECUTE AS ${as} AS $$ BEGIN LET n INT; SELECT COUNT(*) INTO :n FROM t; RETURN n; END $$`,
      )
    }
    await run('CREATE OR REPLACE ROLE caller')
    await run('GRANT USAGE ON DATABASE db TO ROLE caller')
    await run('GRANT USAGE ON SCHEMA db.public TO ROLE caller')
    const other = await engine.openSession({ user: 'BOB', role: 'CALLER', database: 'DB', schema: 'PUBLIC' })
    await expect(run('CALL mine()', other)).rejects.toMatchObject({ code: '003001' })
    for (const name of ['mine', 'yours']) await run(`GRANT USAGE ON PROCEDURE ${name}() TO ROLE caller`)
    expect(await run('CALL mine()', other)).toEqual([['1']])
    await expect(run('CALL yours()', other)).rejects.toMatchObject({ code: '002003' })
    await other.close()
  })
})
