import type { Rows } from './run-cases.ts'

/** One statement of each kind that our own SQL and dbt send; run in this order in one session. */
export interface StatementCase {
  readonly name: string
  readonly sql: string
  /** Left out where only the success is asked for. */
  readonly expected?: Rows
}

export const statementSetup: readonly string[] = [
  "ALTER SESSION SET TIMEZONE = 'UTC'",
  'CREATE DATABASE DB',
  'CREATE SCHEMA DB.SC',
  'USE SCHEMA DB.SC',
  'CREATE WAREHOUSE WH',
]

const one = (...row: readonly (string | null)[]): Rows => [row]

export const statementCases: readonly StatementCase[] = [
  {
    name: 'create or replace table',
    sql: 'CREATE OR REPLACE TABLE T1 (ID NUMBER(38,0) NOT NULL, NAME VARCHAR(100), AMT NUMBER(18,4), D FLOAT, TS TIMESTAMP_NTZ(6), TZ TIMESTAMP_TZ, V VARIANT, B BOOLEAN, PRIMARY KEY (ID))',
    expected: one('Table T1 successfully created.'),
  },
  {
    name: 'insert of a query',
    sql: `INSERT INTO T1 SELECT 1, 'n1', 10.5, 1.5, '2024-01-31 10:00:00', '2024-01-01 00:00:00 +0200', PARSE_JSON('{"a":{"b":"x"},"arr":[{"z":5}],"k":7,"items":[{"name":"i1"},{"name":"i2"}]}'), TRUE`,
    expected: one('1'),
  },
  {
    name: 'create transient table',
    sql: 'CREATE TRANSIENT TABLE IF NOT EXISTS T2 (ID INT AUTOINCREMENT START 1 INCREMENT 1, X STRING) DATA_RETENTION_TIME_IN_DAYS = 0',
  },
  { name: 'create temporary table', sql: 'CREATE TEMPORARY TABLE TT (A NUMBER, B VARIANT)' },
  {
    name: 'create table with cluster key and comment',
    sql: "CREATE TABLE T3 (ID NUMBER, TS TIMESTAMP_LTZ) CLUSTER BY (ID) COMMENT='x'",
  },
  {
    name: 'create table as query',
    sql: 'CREATE OR REPLACE TRANSIENT TABLE T4 AS (SELECT ID, NAME FROM T1)',
  },
  {
    name: 'create staging table',
    sql: "CREATE TABLE STG AS SELECT 1::NUMBER AS ID, 'n1b'::VARCHAR AS NAME, 11.0::NUMBER(18,4) AS AMT, 5::NUMBER AS LSN, 'U'::VARCHAR AS OP, '2024-01-30'::TIMESTAMP_NTZ AS TS",
  },
  { name: 'create view', sql: 'CREATE OR REPLACE VIEW V1 AS SELECT ID, NAME FROM T1' },
  { name: 'create secure view', sql: 'CREATE OR REPLACE SECURE VIEW V2 COPY GRANTS AS SELECT ID FROM T1' },
  { name: 'select from view', sql: 'SELECT * FROM V1', expected: one('1', 'n1') },
  { name: 'clone', sql: 'CREATE OR REPLACE TABLE T1_C CLONE T1' },
  { name: 'create table like', sql: 'CREATE TABLE T1_L LIKE T1' },
  {
    name: 'paths of a variant',
    sql: "SELECT V:a.b::string AS X, V:arr[0].z::int AS Y, V['k']::number FROM T1",
    expected: one('x', '5', '7'),
  },
  {
    name: 'lateral flatten',
    sql: 'SELECT t.ID, f.value:name::string AS N, f.index FROM T1 t, LATERAL FLATTEN(input => t.V:items) f ORDER BY f.index',
    expected: [
      ['1', 'i1', '0'],
      ['1', 'i2', '1'],
    ],
  },
  {
    name: 'flatten as a table function',
    sql: 'SELECT f.key FROM T1, TABLE(FLATTEN(INPUT => V, OUTER => TRUE)) f ORDER BY f.key',
    expected: [['a'], ['arr'], ['items'], ['k']],
  },
  {
    name: 'qualify',
    sql: 'SELECT ID FROM T1 QUALIFY ROW_NUMBER() OVER (PARTITION BY ID ORDER BY TS DESC) = 1',
    expected: one('1'),
  },
  {
    name: 'merge with three branches',
    sql: "MERGE INTO T1 t USING (SELECT * FROM STG QUALIFY ROW_NUMBER() OVER (PARTITION BY ID ORDER BY LSN DESC)=1) s ON t.ID = s.ID WHEN MATCHED AND s.OP='D' THEN DELETE WHEN MATCHED AND s.LSN > 0 THEN UPDATE SET t.NAME = s.NAME, t.AMT = s.AMT WHEN NOT MATCHED AND s.OP <> 'D' THEN INSERT (ID, NAME, AMT) VALUES (s.ID, s.NAME, s.AMT)",
    expected: one('0', '1', '0'),
  },
  {
    name: 'create stage',
    sql: "CREATE STAGE IF NOT EXISTS STG1 FILE_FORMAT = (TYPE = PARQUET) ENCRYPTION = (TYPE='SNOWFLAKE_SSE')",
  },
  {
    name: 'create file format',
    sql: "CREATE OR REPLACE FILE FORMAT FF1 TYPE = CSV COMPRESSION = AUTO FIELD_DELIMITER=','",
  },
  {
    name: 'unload Parquet',
    sql: 'COPY INTO @STG1/out/ FROM (SELECT ID, NAME, AMT FROM T1) FILE_FORMAT=(TYPE=PARQUET) HEADER=TRUE OVERWRITE=TRUE MAX_FILE_SIZE=100000000',
  },
  {
    name: 'load Parquet by column name',
    sql: 'COPY INTO T1_L FROM @STG1/out/ FILE_FORMAT = (TYPE = PARQUET USE_LOGICAL_TYPE = TRUE) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE ON_ERROR = ABORT_STATEMENT',
    expected: one('stg1/out/data_0_0_0.snappy.parquet', 'LOADED', '1', '1', '1', '0', null, null, null, null),
  },
  {
    name: 'load with a transformation',
    sql: 'COPY INTO T1_L (ID, V) FROM (SELECT $1:ID::number, $1 FROM @STG1/out/) FILE_FORMAT=(TYPE=PARQUET) FORCE = TRUE',
  },
  {
    name: 'unload CSV to the user stage',
    sql: "COPY INTO @~/x/ FROM (SELECT ID, NAME FROM T1) FILE_FORMAT=(TYPE=CSV FIELD_OPTIONALLY_ENCLOSED_BY='\"')",
  },
  {
    name: 'load named files of CSV',
    sql: "COPY INTO DB.SC.T4 (ID, NAME) FROM @~/x FILES = ('data_0_0_0.csv.gz') FILE_FORMAT = (TYPE=CSV FIELD_OPTIONALLY_ENCLOSED_BY='\"' NULL_IF=('')) FORCE=TRUE",
  },
  {
    name: 'what was loaded',
    sql: 'SELECT ID, NAME FROM T4 ORDER BY NAME',
    expected: [
      ['1', 'n1'],
      ['1', 'n1b'],
    ],
  },
  {
    name: 'create task',
    sql: "CREATE TASK TK1 WAREHOUSE = WH SCHEDULE = '5 MINUTE' AS INSERT INTO T2 SELECT ID, NAME FROM T1",
  },
  {
    name: 'create alert',
    sql: "CREATE ALERT A1 WAREHOUSE = WH SCHEDULE = '1 MINUTE' IF (EXISTS (SELECT 1 FROM T1)) THEN INSERT INTO T2 VALUES (1,'a')",
  },
  {
    name: 'create resource monitor',
    sql: 'CREATE OR REPLACE RESOURCE MONITOR RM WITH CREDIT_QUOTA=100 TRIGGERS ON 75 PERCENT DO NOTIFY ON 100 PERCENT DO SUSPEND',
  },
  {
    name: 'create warehouse',
    sql: "CREATE WAREHOUSE IF NOT EXISTS WH WAREHOUSE_SIZE='XSMALL' AUTO_SUSPEND=60 AUTO_RESUME=TRUE INITIALLY_SUSPENDED=TRUE",
  },
  { name: 'create role', sql: 'CREATE ROLE IF NOT EXISTS R1' },
  { name: 'grant on all tables', sql: 'GRANT SELECT ON ALL TABLES IN SCHEMA DB.SC TO ROLE R1' },
  { name: 'show tables', sql: "SHOW TABLES LIKE 'T%' IN SCHEMA DB.SC" },
  { name: 'describe table', sql: 'DESCRIBE TABLE T1' },
  {
    name: 'information schema',
    sql: "SELECT COLUMN_NAME, DATA_TYPE FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = 'SC' AND TABLE_NAME = 'T4' ORDER BY ORDINAL_POSITION",
    expected: [
      ['ID', 'NUMBER'],
      ['NAME', 'TEXT'],
    ],
  },
  {
    name: 'dateadd',
    sql: "SELECT DATEADD(day, 3, TS), DATEADD('month', -1, '2024-03-31'::DATE) FROM T1",
    expected: one('2024-02-03 10:00:00.000000000', '2024-02-29'),
  },
  {
    name: 'datediff of hours',
    sql: "SELECT DATEDIFF('hour', '2024-01-31'::timestamp, TS) FROM T1",
    expected: one('10'),
  },
  {
    name: 'to_timestamp_ntz of texts and numbers',
    sql: "SELECT TO_TIMESTAMP_NTZ('2024-01-01 10:00:00'), TO_TIMESTAMP_NTZ(1700000000), TO_TIMESTAMP_NTZ(1700000000123, 3)",
    expected: one('2024-01-01 10:00:00.000000000', '2023-11-14 22:13:20.000000000', '2023-11-14 22:13:20.123000000'),
  },
  {
    name: 'conditional functions',
    sql: "SELECT IFF(AMT > 0, 'p', 'n'), ZEROIFNULL(AMT), NVL(NAME,'x'), NVL2(NAME,1,0), DECODE(ID,1,'a',2,'b','c') FROM T1",
    expected: one('p', '11.0000', 'n1b', '1', 'a'),
  },
  {
    name: 'object_construct',
    sql: "SELECT OBJECT_CONSTRUCT('a', ID, 'b', NAME) FROM T1",
    expected: one('{"a":1,"b":"n1b"}'),
  },
  {
    name: 'array_agg in order',
    sql: 'SELECT ARRAY_AGG(DISTINCT NAME) WITHIN GROUP (ORDER BY NAME) FROM T4',
    expected: one('["n1","n1b"]'),
  },
  {
    name: 'listagg in order',
    sql: "SELECT LISTAGG(NAME, ',') WITHIN GROUP (ORDER BY NAME DESC) FROM T4 GROUP BY ID",
    expected: one('n1b,n1'),
  },
  {
    name: 'parse_json and a path',
    sql: `SELECT PARSE_JSON('{"a":{"b":1}}'):a.b::int, TRY_PARSE_JSON('x')`,
    expected: one('1', null),
  },
  { name: 'insert of parse_json', sql: `INSERT INTO TT SELECT 1, PARSE_JSON('{"a":1}')`, expected: one('1') },
  {
    name: 'try_cast and formats',
    sql: "SELECT TRY_CAST('x' AS NUMBER(10,2)), TRY_TO_NUMBER('12'), TRY_TO_DATE('2024-01-01'), TO_VARCHAR(TS,'YYYY-MM-DD HH24:MI:SS') FROM T1",
    expected: one(null, '12', '2024-01-01', '2024-01-31 10:00:00'),
  },
  { name: 'pivot', sql: "SELECT * FROM (SELECT NAME, AMT FROM T1) PIVOT(SUM(AMT) FOR NAME IN ('n1b','q')) AS p" },
  {
    name: 'group by all',
    sql: 'SELECT B, COUNT(*) c, COUNT_IF(B), BOOLOR_AGG(B), APPROX_COUNT_DISTINCT(ID), MEDIAN(AMT) FROM T1 GROUP BY ALL',
    expected: one('true', '1', '1', 'true', '1', '11.0000000'),
  },
  {
    name: 'exclude and rename',
    sql: 'SELECT * EXCLUDE (V, D, TS, TZ, B) RENAME (NAME AS NM) FROM T1',
    expected: one('1', 'n1b', '11.0000'),
  },
  {
    name: 'parts of dates',
    sql: "SELECT DATE_TRUNC('month', TS) m, LAST_DAY(TS), TO_DATE(TS), DAYNAME(TS) FROM T1",
    expected: one('2024-01-01 00:00:00.000000000', '2024-01-31', '2024-01-31', 'Wed'),
  },
  {
    name: 'generator and sequences of rows',
    sql: 'SELECT COUNT(*), MIN(N), MAX(N) FROM (SELECT SEQ4() AS N, UNIFORM(1,10,RANDOM()) AS U FROM TABLE(GENERATOR(ROWCOUNT => 10)))',
    expected: one('10', '0', '9'),
  },
  {
    name: 'asof join',
    sql: 'SELECT T1.ID, s.LSN FROM T1 ASOF JOIN STG s MATCH_CONDITION (T1.TS >= s.TS) ON T1.ID = s.ID',
    expected: one('1', '5'),
  },
  {
    name: 'regular expressions and parts of texts',
    sql: "SELECT REGEXP_SUBSTR(NAME,'[a-z]+'), REGEXP_REPLACE(NAME,'n','b'), RLIKE(NAME,'n.*'), SPLIT_PART(NAME,'-',1), CONTAINS(NAME,'1'), STARTSWITH(NAME,'a') FROM T1",
    expected: one('n', 'b1b', 'true', 'n1b', 'true', 'false'),
  },
  {
    name: 'hashes',
    sql: "SELECT MD5(CAST(COALESCE(CAST(ID AS VARCHAR),'_null_') AS VARCHAR)), LENGTH(SHA2(NAME)), LENGTH(UUID_STRING()), HASH(ID) = HASH(ID) FROM T1",
    expected: one('c4ca4238a0b923820dcc509a6f75849b', '64', '36', 'true'),
  },
  { name: 'a query to scan', sql: 'SELECT 42 AS N', expected: one('42') },
  { name: 'result_scan', sql: 'SELECT * FROM TABLE(RESULT_SCAN(LAST_QUERY_ID()))', expected: one('42') },
  {
    name: 'values',
    sql: "SELECT column1, column2 FROM VALUES (1,'a'),(2,'b') ORDER BY 1",
    expected: [
      ['1', 'a'],
      ['2', 'b'],
    ],
  },
  { name: 'create sequence', sql: 'CREATE SEQUENCE SEQ1' },
  { name: 'next value of a sequence', sql: 'SELECT SEQ1.NEXTVAL', expected: one('1') },
  {
    name: 'names that differ in case only',
    sql: 'SELECT "id", ID FROM (SELECT 1 AS "id", 2 AS ID)',
    expected: one('1', '2'),
  },
  { name: 'add a column', sql: 'ALTER TABLE T1 ADD COLUMN C9 VARCHAR' },
  {
    name: 'add several columns',
    sql: 'ALTER TABLE T1 ADD COLUMN IF NOT EXISTS C10 NUMBER(38,0), C11 VARIANT',
  },
  { name: 'rename a column', sql: 'ALTER TABLE T1 RENAME COLUMN NAME TO NAME2' },
  { name: 'change a type', sql: 'ALTER TABLE T1 ALTER COLUMN NAME2 SET DATA TYPE VARCHAR(500)' },
  { name: 'drop not null', sql: 'ALTER TABLE T1 ALTER COLUMN ID DROP NOT NULL' },
  { name: 'update from', sql: 'UPDATE T1 SET NAME2 = s.NAME FROM STG s WHERE T1.ID = s.ID', expected: one('1', '0') },
  { name: 'delete using', sql: 'DELETE FROM T1_C USING STG s WHERE T1_C.ID = s.ID', expected: one('1') },
  { name: 'insert overwrite', sql: "INSERT OVERWRITE INTO T2 SELECT 1, 'a'" },
  {
    name: 'insert into several tables',
    sql: 'INSERT ALL INTO T1 (ID) VALUES (a) INTO T2 (ID) VALUES (a) SELECT 7 AS a',
  },
  { name: 'truncate', sql: 'TRUNCATE TABLE IF EXISTS T1_L' },
  { name: 'rename a table', sql: 'ALTER TABLE T1_L RENAME TO T9' },
  { name: 'swap', sql: 'ALTER TABLE T9 SWAP WITH T2' },
  { name: 'after the swap', sql: 'SELECT X FROM T9 WHERE ID = 1', expected: one('a') },
  { name: 'drop', sql: 'DROP TABLE T9' },
  { name: 'undrop', sql: 'UNDROP TABLE T9' },
  { name: 'use', sql: 'USE SCHEMA DB.SC' },
  { name: 'session parameters', sql: "ALTER SESSION SET TIMEZONE='UTC', QUERY_TAG='x'" },
  { name: 'begin', sql: 'BEGIN TRANSACTION' },
  { name: 'rollback', sql: 'ROLLBACK' },
  { name: 'put', sql: 'PUT file:///data/a.parquet @STG1/x AUTO_COMPRESS=FALSE PARALLEL=8 OVERWRITE=TRUE' },
  { name: 'create stream', sql: 'CREATE OR REPLACE STREAM S1 ON TABLE T1 APPEND_ONLY = TRUE' },
  { name: 'a row for the stream', sql: 'INSERT INTO T1 (ID) VALUES (8)', expected: one('1') },
  { name: 'read a stream', sql: 'SELECT ID, METADATA$ACTION FROM S1', expected: one('8', 'INSERT') },
  { name: 'clone as of a time', sql: 'CREATE TABLE T1_D CLONE T1 AT (TIMESTAMP => SYSDATE()::TIMESTAMP_TZ)' },
  { name: 'time travel to a time', sql: 'SELECT COUNT(*) FROM T1 AT (OFFSET => 0)', expected: one('3') },
  {
    name: 'time travel before a statement',
    sql: "SELECT COUNT(*) FROM T1 BEFORE (STATEMENT => 'statement-a row for the stream')",
    expected: one('2'),
  },
]
