/**
 * Writes number after number into two tables of one transaction, and tells each once it is committed, until it is
 * killed. With a number to end at it kills itself: before that number's COMMIT, or between COMMIT and the answer.
 */
import { openEngine } from '../src/engine/engine.ts'

const [directory = '', end = '', moment = ''] = process.argv.slice(2)
const engine = await openEngine({ directory })
const session = await engine.openSession({ user: 'WRITER', database: 'DB', schema: 'PUBLIC' })

async function run(sqlText: string): Promise<void> {
  await session.execute({ queryId: sqlText, sqlText, signal: new AbortController().signal })
}

for (let number = 1; ; number += 1) {
  await run('BEGIN')
  await run(`INSERT INTO a VALUES (${number})`)
  await run(`UPDATE b SET last = ${number}`)
  if (number % 3 === 0) await run('INSERT INTO a SELECT 1 / 0').catch(() => undefined)
  await run('INSERT INTO c SELECT id FROM s')
  if (String(number) === end && moment === 'before') process.kill(process.pid, 'SIGKILL')
  await run('COMMIT')
  if (String(number) === end) process.kill(process.pid, 'SIGKILL')
  process.stdout.write(`${number}\n`)
}
