// The server must not outlive the process that asked for it, even when that process is killed with SIGKILL and can do
// nothing more. A shell of about one megabyte therefore reads from a pipe whose other end only the owner holds: the
// kernel closes it whenever and however the owner ends. Without /bin/sh there is no watchdog, and the next start reaps.

import { spawn } from 'node:child_process'

import type { RunDirectory } from './run-directory.ts'

export interface WatchdogOptions {
  readonly postmasterPid: number
  readonly dataDirectory: string
  readonly run: RunDirectory
}

/** Ends the watch; to be called once the server has ended. */
export type EndWatch = () => void

// The pid is signalled only while the data directory still names it, because ids are reused. SIGINT is PostgreSQL's
// fast shutdown. In a container whose first process does not collect orphans the pid stays, so the wait is limited.
const SCRIPT = `
trap '' INT TERM HUP
read -r line
[ "$line" = ended ] && exit 0
alive() { kill -0 "$1" 2>/dev/null && [ "$(head -n 1 "$2/postmaster.pid" 2>/dev/null)" = "$1" ]; }
if alive "$1" "$2"; then kill -INT "$1"; fi
turns=0
while alive "$1" "$2" && [ $turns -lt 100 ]; do sleep 0.1; turns=$((turns + 1)); done
if alive "$1" "$2"; then kill -QUIT "$1"; sleep 1; fi
rm -rf "$3"
`

export function startWatchdog({ postmasterPid, dataDirectory, run }: WatchdogOptions): EndWatch {
  if (process.platform === 'win32') return () => undefined
  const shell = spawn(
    '/bin/sh',
    ['-c', SCRIPT, 'eclusa-postgres-watchdog', String(postmasterPid), dataDirectory, run.path],
    {
      cwd: '/',
      // A terminal's Ctrl-C goes to the whole process group; the owner decides what to do about it, not the watchdog.
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    },
  )
  shell.on('error', () => undefined)
  shell.stdin.on('error', () => undefined)
  shell.unref()
  unrefStream(shell.stdin)
  return () => shell.stdin.end('ended\n')
}

/** A child's stdin is a socket, though Node types it as any writable stream. */
function unrefStream(stream: object): void {
  if ('unref' in stream && typeof stream.unref === 'function') stream.unref()
}
