import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export type Child = ChildProcess & { readonly stdout: NodeJS.ReadableStream }

/** Starts one of the programs beside this file in a process of its own; `wrapper` is a command that runs it. */
export function startChild(file: string, args: readonly string[], wrapper: readonly string[] = []): Child {
  const [command = process.execPath, ...rest] = [...wrapper, process.execPath, join(import.meta.dirname, file), ...args]
  return spawn(command, rest, {
    stdio: ['ignore', 'pipe', 'inherit'],
    // Most of a child's life would be the compiling of modules.
    env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'eclusa-compile-cache') },
  })
}

/** The first line that begins so; undefined when the process ended before. */
export async function lineOf(child: Child, beginning = ''): Promise<string | undefined> {
  for await (const line of createInterface({ input: child.stdout })) if (line.startsWith(beginning)) return line
  return undefined
}
