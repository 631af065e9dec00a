import type { CommandSession } from './command-session.ts'

/** `parse`: reads the whole project and writes its manifest. */
export async function runParse(session: CommandSession): Promise<number> {
  const startedAtMs = performance.now()
  const project = await session.loadProject(await session.readProfile())
  await session.writeManifest(project)
  session.log.info(`Parsed the project in ${((performance.now() - startedAtMs) / 1000).toFixed(2)}s`)
  return 0
}
