import { expect, test } from 'vitest'
import { errorCatalogue } from './error-code.ts'
import { airbyteErrors } from './error-code/airbyte.ts'
import { anyPackageErrors } from './error-code/any-package.ts'
import { destinationErrors } from './error-code/destination.ts'
import { postgresConnectionErrors } from './error-code/postgres-connection.ts'
import { postgresLocalErrors } from './error-code/postgres-local.ts'
import { postgresReadingErrors } from './error-code/postgres-reading.ts'
import { postgresReplicationErrors } from './error-code/postgres-replication.ts'
import { snowflakeErrors } from './error-code/snowflake.ts'
import { transformErrors } from './error-code/transform.ts'
import { warehouseErrors } from './error-code/warehouse.ts'

const areas = [
  airbyteErrors,
  anyPackageErrors,
  destinationErrors,
  postgresConnectionErrors,
  postgresLocalErrors,
  postgresReadingErrors,
  postgresReplicationErrors,
  snowflakeErrors,
  transformErrors,
  warehouseErrors,
]

test('the catalogue has the codes of every area, and none twice', () => {
  const codes = areas.flatMap((area) => Object.keys(area))
  expect(Object.keys(errorCatalogue).toSorted()).toEqual(codes.toSorted())
})

test('the codes of an area are in alphabetical order', () => {
  for (const area of areas) expect(Object.keys(area)).toEqual(Object.keys(area).toSorted())
})

test('causes and remedies are sentences', () => {
  for (const [code, { cause, remedy }] of Object.entries(errorCatalogue)) {
    for (const text of [cause, remedy]) expect(`${code}: ${text}`).toMatch(/: .*\.$/u)
  }
})
