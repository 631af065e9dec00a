import { relative } from 'node:path'

/** A path as the user would write it: relative, unless it climbs out of the folder they are in. Empty for that folder. */
export function shownPath(directory: string, path: string): string {
  const shown = relative(directory, path)
  return shown.startsWith('..') ? path : shown
}
