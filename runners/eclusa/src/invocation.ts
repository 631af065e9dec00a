/** How the user calls this command, for the examples that we print: as a package script, by npx, or by its name. */
export function invocationOf(env: Readonly<Record<string, string | undefined>>): string {
  const isWorkspaceScript = env['npm_package_name'] === 'eclusa-monorepo' && env['npm_lifecycle_event'] !== undefined
  if (isWorkspaceScript) return 'npx -y pnpm@12 eclusa'
  return env['npm_command'] === 'exec' || env['npm_lifecycle_event'] === 'npx' ? 'npx eclusa' : 'eclusa'
}

/** A word as a shell takes it. */
export function shellWord(text: string): string {
  return /^[\w./:@%+=,-]+$/u.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}
