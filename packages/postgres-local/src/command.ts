import { execFile } from 'node:child_process'

import type { ServerUser } from './server-user.ts'

export interface CommandResult {
  readonly succeeded: boolean
  /** Standard output and standard error, one after the other. */
  readonly output: string
}

export interface CommandOptions {
  readonly user: ServerUser | undefined
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/** Runs a program to its end as the given user; a program that cannot be started counts as failed, an abort throws. */
export async function runCommand(file: string, args: string[], options: CommandOptions): Promise<CommandResult> {
  const { user, timeoutMs, signal } = options
  const { promise: closed, resolve: close } = Promise.withResolvers<void>()
  const result = await new Promise<CommandResult>((resolve) => {
    const child = execFile(
      file,
      args,
      {
        ...switchUser(user),
        // The current directory may be closed to the server user, and initdb insists on being able to return to it.
        cwd: '/',
        env: serverEnvironment(),
        timeout: timeoutMs,
        ...(signal === undefined ? {} : { signal }),
      },
      (error, stdout, stderr) => {
        const reason = error === null || stderr !== '' ? '' : error.message
        resolve({ succeeded: error === null, output: `${stdout}${stderr}${reason}`.trim() })
      },
    )
    child.once('close', close)
    // A program that could not be started has nothing to close.
    if (child.pid === undefined) close()
  })
  // Node reports an abort at once, but initdb still removes what it made.
  await closed
  signal?.throwIfAborted()
  return result
}

/** The spawn options that start a process as `user`; none when it stays the current user. */
export function switchUser(user: ServerUser | undefined): { uid?: number; gid?: number } {
  return user === undefined ? {} : { uid: user.uid, gid: user.gid }
}

/** PG* variables of the caller's shell would reach into the server, and its locale would change messages. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(PG|LC_|LANG)/.test(name))
  return { ...Object.fromEntries(inherited), LC_ALL: 'C', TZ: 'UTC' }
}
