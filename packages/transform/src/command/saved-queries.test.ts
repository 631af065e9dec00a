import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { runCommand } from './run-command.ts'

/* The lines are those that dbt-core 1.10.23 prints for the same project. */
it('counts exposures and saved queries in a build, once what their metrics are made of is there', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'saved queries '))
  await cp(path.resolve(import.meta.dirname, '../../fixtures/semantics'), folder, { recursive: true })
  const build = async () => {
    const lines: string[] = []
    const code = await runCommand(['build'], {
      program: 'eclusa transform',
      directory: folder,
      environment: {},
      hasColors: false,
      write: (line) => lines.push(line),
      signal: new AbortController().signal,
    })
    const ended = lines.flatMap((line) => /\d of \d ((?:NO-OP|SKIP|OK|PASS|ERROR) .*?) \.\./u.exec(line)?.[1] ?? [])
    return {
      code,
      ended,
      summary: lines
        .find((line) => line.includes('Finished running'))
        ?.split(' in ')[0]
        ?.slice(10),
    }
  }
  expect(await build()).toEqual({
    code: 0,
    ended: [
      'OK created sql view model dev.customers',
      'OK created sql view model dev.days',
      'OK created sql view model dev.all_orders',
      'NO-OP saved query plain',
      'NO-OP exposure board',
      'NO-OP saved query weekly',
      'PASS not_null_orders_order_id',
      'PASS unique_orders_order_id',
      'OK snapshotted dev.history',
    ],
    summary: 'Finished running 1 exposure, 2 saved queries, 1 snapshot, 2 data tests, 3 view models',
  })
  const model = await readFile(path.join(folder, 'models/orders.sql'), 'utf8')
  await writeFile(path.join(folder, 'models/orders.sql'), model.replace('select 1', 'select nope'))
  const { code, ended } = await build()
  expect(code).toBe(1)
  expect(ended.slice(3, 6)).toEqual(['NO-OP saved query plain', 'SKIP exposure board', 'SKIP saved_query weekly'])
  await rm(folder, { recursive: true })
})
