import { EclusaError } from '@eclusa/sdk'
import { describe, expect, it } from 'vitest'
import { rememberStatement } from '../adapter/failed-statement.ts'
import { complaintOf, withoutValues } from './warehouse-complaint.ts'

describe('what the warehouse says', () => {
  it.each([
    ['22P02', 'invalid input syntax for type integer: "ann@acme.io"', 'invalid input syntax for type integer: "…"'],
    ['22003', 'value "99999999999" is out of range for type integer', 'value "…" is out of range for type integer'],
    [
      '23505',
      'duplicate key value violates unique constraint "people_pkey"',
      'duplicate key value violates unique constraint "people_pkey"',
    ],
    ['42703', 'column "nope" does not exist', 'column "nope" does not exist'],
    [
      'Conversion Error',
      "Could not convert string 'ann@acme.io' to INT32",
      'Conversion Error: Could not convert string "…" to INT32',
    ],
    [
      'Constraint Error',
      'Duplicate key "email: ann@acme.io" violates primary key constraint.',
      'Constraint Error: Duplicate key "email: …" violates primary key constraint.',
    ],
    [
      'Conversion Error',
      'CSV Error on Line: 2\nOriginal Line: ann,1\nmore',
      'Conversion Error: CSV Error on Line: 2\nOriginal Line: …\nmore',
    ],
    [
      'Out of Range Error',
      'Overflow in multiplication of INT32 (100000 * 100000)!',
      'Out of Range Error: Overflow in multiplication of INT32 (…)!',
    ],
    ['Binder Error', 'Referenced column "nope" not found', 'Binder Error: Referenced column "nope" not found'],
  ])('is told without values: %s', (code, message, told) => {
    expect(withoutValues(message, code)).toBe(told)
  })

  it('is shown at the line of the compiled SQL, and nowhere when it is about what is around it', () => {
    const compiled = '\nselect\n\t1 as id,\n  nope\n'
    const statement = `/* comment */ create view v as (\n${compiled.trim()}\n);`
    const complaint = (position: number) => {
      const details = { code: '42703', message: 'column "nope" does not exist', position }
      const error = new EclusaError('WAREHOUSE_STATEMENT_FAILED', {
        message: 'refused',
        details,
        cause: { hint: 'Look.' },
      })
      rememberStatement(error, statement)
      return complaintOf(error, compiled).split('\n')
    }
    const said = ['column "nope" does not exist', 'HINT:  Look.']
    expect(complaint(statement.indexOf('nope') + 1)).toEqual([...said, 'LINE 4:   nope', '          ^'])
    expect(complaint(statement.indexOf('1 as') + 1)).toEqual([...said, 'LINE 3: \t1 as id,', '        \t^'])
    expect(complaint(1)).toEqual(said)
  })
})
