import { afterEach, beforeEach } from 'vitest'
import { DuckDbFixture } from './duckdb-fixture.ts'

/** A fixture that is a new one in each test of the file. */
export function fixtureForEachTest(): DuckDbFixture {
  const fixture = new DuckDbFixture()
  beforeEach(() => fixture.renew())
  afterEach(() => fixture[Symbol.dispose]())
  return fixture
}
