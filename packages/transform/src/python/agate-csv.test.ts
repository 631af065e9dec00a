import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { textOf } from '../jinja/python-text.ts'
import { inferCsv } from './agate-csv.ts'
import type { AgateType } from './agate-type.ts'
import { readCsv } from './csv-reader.ts'

interface Golden {
  readonly csv: string
  readonly text: readonly string[]
  readonly names?: readonly string[]
  readonly types?: readonly string[]
  readonly rows?: readonly (readonly (string | null)[])[]
  readonly error?: string
}

/** What dbt 1.10 makes of the same files; written by interop/seed-csv-oracle.py. */
const goldens = JSON.parse(
  readFileSync(new URL('../../interop/seed-csv-goldens.json', import.meta.url), 'utf8'),
) as readonly Golden[]

const read = ({ csv, text }: Golden) =>
  inferCsv(csv, { delimiter: csv.startsWith('a;b') ? ';' : ',', textColumns: text })

test.each(goldens.filter(({ error }) => error !== undefined))('$csv is refused', (golden) => {
  expect(() => read(golden)).toThrow(golden.error)
})

test.each(goldens.filter(({ error }) => error === undefined))('$csv with text in $text', (golden) => {
  const { names, types, rows } = golden
  const table = read(golden)
  expect(table.column_names.items).toEqual(names)
  expect(table.column_types.items.map((type) => (type as AgateType).name)).toEqual(types)
  expect(table.values.map((row) => row.map((value) => (value === null ? null : textOf(value))))).toEqual(rows)
})

test('values in quotes are read as they were written', () => {
  const rows = fc.array(fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 4 }), { minLength: 1 })
  fc.assert(
    fc.property(rows, fc.constantFrom(',', ';', '\t'), fc.constantFrom('\n', '\r\n'), (written, delimiter, lineEnd) => {
      const quote = (value: string) => `"${value.replaceAll('"', '""')}"`
      const text = written.map((row) => row.map(quote).join(delimiter)).join(lineEnd)
      expect(readCsv(text, delimiter)).toEqual(written)
    }),
  )
})
