import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sqlTokens } from './sql-tokens.ts'

describe('sqlTokens', () => {
  it('knows the parts of SQL and templates', () => {
    const sql = `select "a", 1.5 from {{ ref('b') }} -- where\n/* x */ {% if c %}'it''s'{# d #}`
    expect(sqlTokens(sql).filter(({ kind }) => kind !== undefined)).toEqual([
      { text: 'select', kind: 'keyword' },
      { text: '"a"', kind: 'name' },
      { text: '1.5', kind: 'number' },
      { text: 'from', kind: 'keyword' },
      { text: "{{ ref('b') }}", kind: 'template' },
      { text: '-- where', kind: 'comment' },
      { text: '/* x */', kind: 'comment' },
      { text: '{% if c %}', kind: 'template' },
      { text: "'it''s'", kind: 'string' },
      { text: '{# d #}', kind: 'comment' },
    ])
  })

  it('loses nothing of a text, whatever it is', () => {
    const pieces = fc.constantFrom('select', '--', '/*', '*/', "'", '"', '`', '{{', '}}', '{%', '$$', '\n', ' ', '1e5')
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string())), (parts) => {
        const sql = parts.join('')
        expect(
          sqlTokens(sql)
            .map(({ text }) => text)
            .join(''),
        ).toBe(sql)
      }),
    )
  })
})
