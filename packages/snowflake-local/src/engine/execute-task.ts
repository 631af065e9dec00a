import type { Task } from '../catalog/catalog-object.ts'
import type { ObjectName } from '../parse/ast-expression.ts'
import type { StatementScope } from './environment.ts'
import { findObject, requirePrivilege } from './resolve.ts'
import type { StatementResult } from './statement.ts'
import { statusResult } from './wire.ts'

/** Runs the task and then those that come after it, in this session and at once: there is no clock that starts tasks. */
export async function executeTask(
  { session }: StatementScope,
  name: ObjectName,
  run: (sqlText: string) => Promise<StatementResult>,
): Promise<StatementResult> {
  const { object, schema } = findObject(session, name, 'TASK')
  requirePrivilege(session, object, 'OPERATE')
  const tasks = [...schema.objects.values()].filter((candidate): candidate is Task => candidate.kind === 'TASK')
  const done = new Set<string>()
  const runAll = async (task: Task): Promise<void> => {
    done.add(task.name)
    for await (const _ of (await run(task.definition)).rows);
    const next = tasks.filter(
      ({ after, name: own, state }) => state === 'started' && !done.has(own) && after.includes(task.name),
    )
    for (const follower of next) if (follower.after.every((before) => done.has(before))) await runAll(follower)
  }
  await runAll(object)
  return statusResult(`Task ${object.name} is scheduled to run immediately.`)
}

/** Runs the action if the condition holds. */
export async function executeAlert(
  { session }: StatementScope,
  name: ObjectName,
  run: (sqlText: string) => Promise<StatementResult>,
): Promise<StatementResult> {
  const { object } = findObject(session, name, 'ALERT')
  requirePrivilege(session, object, 'OPERATE')
  let holds = false
  for await (const rows of (await run(`SELECT 1 WHERE ${object.condition}`)).rows) holds ||= rows.length > 0
  if (holds) for await (const _ of (await run(object.action)).rows);
  return statusResult(`Alert ${object.name} is scheduled to run immediately.`)
}
