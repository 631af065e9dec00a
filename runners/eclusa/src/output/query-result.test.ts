import { describe, expect, test } from 'vitest'
import type { QueryResult } from '@eclusa/sdk'
import { formatResult } from './query-result.ts'

const result: QueryResult = {
  columns: [
    { name: 'id', type: 'BIGINT' },
    { name: 'ratio', type: 'DOUBLE' },
    { name: 'amount', type: 'DECIMAL(38,4)' },
    { name: 'note', type: 'VARCHAR' },
    { name: 'raw', type: 'BLOB' },
    { name: 'ok', type: 'BOOLEAN' },
  ],
  rows: [
    [
      9_223_372_036_854_775_807n,
      -0,
      '12345678901234567890123456789012.3456',
      'a "quoted", text',
      new Uint8Array([0, 255]),
      true,
    ],
    [null, Number.NaN, null, '', null, null],
    [1n, 0.1, '1.0000', 'two\nlines \u001B[31m', new Uint8Array(), false],
  ],
  rowsChanged: 0,
}

describe('a query result', () => {
  test('is a table with escaped control characters and numbers to the right', () => {
    expect(formatResult(result, 'table')).toMatchInlineSnapshot(`
      "                 id  ratio                                 amount  note                   raw     ok
      ───────────────────────────────────────────────────────────────────────────────────────────────────────
      9223372036854775807     -0  12345678901234567890123456789012.3456  a "quoted", text       \\x00ff  true
                     NULL    NaN                                   NULL                         NULL    NULL
                        1    0.1                                 1.0000  two\\nlines \\u001b[31m  \\x      false"
    `)
  })

  test('that is wider than the terminal is written downwards', () => {
    const narrow: QueryResult = { ...result, rows: result.rows.slice(1, 2) }
    expect(formatResult(narrow, 'table', 80)).toBe(formatResult(narrow, 'table'))
    expect(formatResult(narrow, 'table', 30).split('\n')).toEqual([
      'row 1',
      '  id      BIGINT         NULL',
      '  ratio   DOUBLE         NaN',
      '  amount  DECIMAL(38,4)  NULL',
      '  note    VARCHAR',
      '  raw     BLOB           NULL',
      '  ok      BOOLEAN        NULL',
    ])
  })

  test('is CSV in which NULL and an empty text differ', () => {
    expect(formatResult(result, 'csv').split('\n')).toEqual([
      'id,ratio,amount,note,raw,ok',
      String.raw`9223372036854775807,-0,12345678901234567890123456789012.3456,"a ""quoted"", text",\x00ff,true`,
      ',NaN,,"",,',
      '1,0.1,1.0000,"two',
      'lines \u001B[31m",\\x,false',
    ])
    const lastIsNull: QueryResult = { columns: [{ name: 'a', type: 'INTEGER' }], rows: [[1], [null]], rowsChanged: 0 }
    expect(formatResult(lastIsNull, 'csv')).toBe('a\n1\n')
  })

  test('is JSON whose wide numbers are strings, so that no reader rounds them', () => {
    const text = formatResult(result, 'json')
    expect(text).toMatchInlineSnapshot(`
      "[
        {"id": "9223372036854775807", "ratio": -0, "amount": "12345678901234567890123456789012.3456", "note": "a \\"quoted\\", text", "raw": "\\\\x00ff", "ok": true},
        {"id": null, "ratio": "NaN", "amount": null, "note": "", "raw": null, "ok": null},
        {"id": "1", "ratio": 0.1, "amount": "1.0000", "note": "two\\nlines \\u001b[31m", "raw": "\\\\x", "ok": false}
      ]"
    `)
    expect(JSON.parse(text)).toHaveLength(3)
  })

  test('keeps two columns of one name apart in JSON', () => {
    const columns = [
      { name: 'a', type: 'INTEGER' },
      { name: 'a', type: 'INTEGER' },
      { name: 'a_2', type: 'INTEGER' },
    ]
    expect(JSON.parse(formatResult({ columns, rows: [[1, 2, 3]], rowsChanged: 0 }, 'json'))).toEqual([
      { a: 1, a_2: 2, a_2_2: 3 },
    ])
  })

  test('without rows is a heading, a CSV heading, an empty array', () => {
    const empty: QueryResult = { columns: [{ name: 'a', type: 'INTEGER' }], rows: [], rowsChanged: 0 }
    expect(formatResult(empty, 'table')).toBe('a')
    expect(formatResult(empty, 'csv')).toBe('a')
    expect(formatResult(empty, 'json')).toBe('[]')
  })
})
