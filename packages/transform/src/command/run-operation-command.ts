import type { CommandSession } from './command-session.ts'
import { commandInvalid } from './command-line.ts'
import { foundLine } from './found-line.ts'
import { openProfileWarehouse } from './open-warehouse.ts'
import { writeResults } from './write-results.ts'
import { runOperation } from '../run/run-operation.ts'

/** `run-operation <macro>`: calls a macro, with the arguments of `--args`. */
export async function runRunOperation(session: CommandSession): Promise<number> {
  const { settings, host, log } = session
  const [macro] = settings.operands
  if (macro === undefined) throw commandInvalid("Missing argument 'MACRO': name the macro to call.")
  const profile = await session.readProfile()
  const project = await session.loadProject(profile)
  log.info(foundLine(project.manifest))
  await using warehouse = await openProfileWarehouse(profile, {
    directory: settings.projectDirectory,
    signal: host.signal,
  })
  const result = await runOperation(project, {
    macro,
    args: settings.mapping('args'),
    warehouse,
    signal: host.signal,
    emit: (event) => {
      if (event.type === 'log') log[event.level](event.message)
    },
  })
  await session.writeManifest(project)
  await writeResults(session, project, {
    which: 'run-operation',
    results: [result],
    elapsedSeconds: result.execution_time,
    args: { macro },
  })
  return result.status === 'success' ? 0 : 1
}
