import type { QueryResult } from '@eclusa/sdk'
import { describe, expect, test } from 'vitest'
import { createEnvironment } from '../jinja/environment.ts'
import { AgateTable } from './agate-table.ts'

const result: QueryResult = {
  columns: [
    { name: 'id', type: 'BIGINT' },
    { name: 'amount', type: 'DECIMAL(18,4)' },
    { name: 'note', type: 'VARCHAR' },
    { name: 'ok', type: 'BOOLEAN' },
    { name: 'f', type: 'DOUBLE' },
  ],
  rows: [
    [1n, '1234.5600', 'a text that is longer than twenty', true, 1],
    [null, '-0.5', 'null', null, 2.25],
  ],
  rowsChanged: 0,
}

const printed: string[] = []
const environment = createEnvironment()
const render = (template: string) =>
  environment.parse(template).render({ t: AgateTable.fromQuery(result, (text) => printed.push(text)) })

/** What the agate 1.9 of dbt prints for the same rows. */
const structure = `| column | data_type |
| ------ | --------- |
| id     | Integer   |
| amount | Number    |
| note   | Text      |
| ok     | Boolean   |
| f      | Number    |
`

const answers: readonly (readonly [template: string, expected: string])[] = [
  ['{{ t }}', structure],
  [
    '{{ t.rows[0] }}',
    "<agate.Row: (1, Decimal('1234.5600'), 'a text that is longer than twenty', True, Decimal('1.0'))>",
  ],
  ['{{ t.columns[1] }}', "<agate.Column: (Decimal('1234.5600'), Decimal('-0.5'))>"],
  ['{{ t.rows[0].values() }}', "(1, Decimal('1234.5600'), 'a text that is longer than twenty', True, Decimal('1.0'))"],
  ["{{ t.rows[0]['f'] }} {{ t.rows[0].f }} {{ t.rows[0][1] }} {{ t[1].id }}", '1.0 1.0 1234.5600 None'],
  ['{{ t.rows[0][1:3] }}', "(Decimal('1234.5600'), 'a text that is longer than twenty')"],
  ['{{ t.columns.keys() }} {{ t.columns | length }} {{ t | length }}', "('id', 'amount', 'note', 'ok', 'f') 5 2"],
  ['{{ t.column_names }}', "('id', 'amount', 'note', 'ok', 'f')"],
  ["{{ t.rows[1].get('id', 'x') }} {{ t.rows[1].get('none', 'x') }}", 'None x'],
  ['{{ t.rows[0].missing is defined }}', 'False'],
  ["{{ t.columns['note'].values() }}", "('a text that is longer than twenty', 'null')"],
  ['{% for row in t %}{{ row[0] }};{% endfor %}', '1;None;'],
  ['{% for id, amount, note, ok, f in t.rows %}{{ amount }};{% endfor %}', '1234.5600;-0.5;'],
  ["{{ t.select(['f', 'id']).rows[1].values() }}", "(Decimal('2.25'), None)"],
  ["{{ t.exclude('note').column_names }}", "('id', 'amount', 'ok', 'f')"],
  ["{{ t.rename({'id': 'ID'}).column_names[0] }}{{ t.rename(['a', 'b', 'c', 'd', 'e']).rows[0].e }}", 'ID1.0'],
  ["{{ t.order_by('amount').columns[1].values() }}", "(Decimal('-0.5'), Decimal('1234.5600'))"],
  ["{{ t.order_by('id', reverse=true).columns[0].values() }}", '(None, 1)'],
  ['{{ t.limit(1) | length }}', '1'],
  [
    "{{ t.columns[0].values_without_nulls() }} {{ (1, 2) == t.rename(['a','b','c','d','e']).columns[0] }}",
    '(1,) False',
  ],
  ['{{ t.rows[0].items()[0] }} {{ t.rows[0].dict().id }}', "('id', 1) 1"],
]

describe('a table of a query', () => {
  test.each(answers)('%s', (template, expected) => {
    expect(render(template)).toBe(expected)
  })

  test('prints itself as agate does', () => {
    render('{% do t.print_table() %}{% do t.print_table(max_rows=1, max_columns=2) %}'.replaceAll('do', 'set _ ='))
    expect(printed).toEqual([
      `| id |   amount | note                 |   ok |    f |
| -- | -------- | -------------------- | ---- | ---- |
|  1 | 1,234.56 | a text that is lo... | True | 1.00 |
|    |    -0.50 | null                 |      | 2.25 |
`,
      `| id |   amount | ... |
| -- | -------- | --- |
|  1 | 1,234.56 | ... |
| ... |      ... | ... |
`,
    ])
  })

  test('gives dates, times and lists as Python has them', () => {
    const types = ['DATE', 'TIMESTAMP', 'TIMESTAMP WITH TIME ZONE', 'TIME', 'text[]', 'date', 'HUGEINT', 'BLOB']
    const values = [
      '2024-01-02',
      '2024-01-02 03:04:05.5',
      '2024-01-02 03:04:05+00',
      '01:02:03',
      '{a,"b c",NULL}',
      'infinity',
      5n,
    ]
    const table = AgateTable.fromQuery({
      columns: types.map((type, index) => ({ name: `c${index}`, type })),
      rows: [[...values, Uint8Array.of(0x61, 0, 0x27)]],
      rowsChanged: 0,
    })
    const row = environment
      .parse('{% for v in t.rows[0] %}{{ v }}|{% endfor %}{{ t.rows[0].c0.year + 1 }}')
      .render({ t: table })
    expect(row).toBe(
      `2024-01-02|2024-01-02 03:04:05.500000|2024-01-02 03:04:05+00:00|01:02:03|["a", "b c", null]|infinity|5|b'a\\x00\\''|2025`,
    )
    expect(table.column_types.items.map(String)[0]).toContain('Date')
  })

  test('gives a name that occurs twice a number', () => {
    const columns = ['a', 'a', ''].map((name) => ({ name, type: 'INTEGER' }))
    const table = AgateTable.fromQuery({ columns, rows: [], rowsChanged: 0 })
    expect(table.column_names.items).toEqual(['a', 'a_2', 'c'])
  })
})
