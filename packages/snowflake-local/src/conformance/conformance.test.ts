import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openEngine } from '../engine/engine.ts'
import type { Engine, SqlSession } from '../engine/engine.ts'
import { conformancePage } from './conformance-page.ts'
import { knownDifferences } from './known-differences.ts'
import { conformanceFamilies, runCase, runStatement } from './run-cases.ts'
import { statementCases, statementSetup } from './statement-cases.ts'

const anyRows: unknown = expect.any(Array)

let engine: Engine
let session: SqlSession

beforeAll(async () => {
  engine = await openEngine()
  session = await engine.openSession({ user: 'CONFORMANCE' })
  for (const [index, sql] of statementSetup.entries()) await runStatement(session, `setup-${index}`, sql)
})

afterAll(async () => {
  await session.close()
  await engine.close()
})

describe.each(conformanceFamilies)('$title', ({ cases }) => {
  test.each(cases)('%s: %s', async (...statedCase) => {
    expect(await runCase(session, statedCase)).toEqual(statedCase[2])
  })
})

describe('Statements', () => {
  test.each(statementCases)('$name', async ({ name, sql, expected }) => {
    const rows = await runStatement(session, `statement-${name}`, sql)
    expect(rows).toEqual(expected ?? anyRows)
  })
})

describe('Known differences', () => {
  test.each(knownDifferences)('$sql is still otherwise', async ({ page, sql, stated }) => {
    const outcome = await runCase(session, [page, sql, stated]).catch((error: unknown) => error)
    expect(outcome).not.toEqual(stated)
  })
})

test('the page of the documentation lists all of this', async () => {
  await expect(conformancePage()).toMatchFileSnapshot('../../../../docs/reference/snowflake-local-conformance.md')
})
