import type { CommandContext } from './command-context.ts'
import type { Project } from './config/project-schema.ts'
import type { SocketClient } from './socket/socket-client.ts'

/** The process that has the project's warehouse open and answers for it; undefined when there is none. */
export async function findHolder(context: CommandContext, project: Project): Promise<SocketClient | undefined> {
  const [{ heldFileOf }, { findSocket }, { socketPathsOf }] = await Promise.all([
    import('./composition.ts'),
    import('./socket/socket-client.ts'),
    import('./socket/socket-path.ts'),
  ])
  const file = heldFileOf(project)
  return file === undefined ? undefined : await findSocket(file, socketPathsOf(file, context))
}
