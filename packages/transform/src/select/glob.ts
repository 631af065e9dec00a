/*
 * Python's file name patterns, which dbt's selection uses: `*`, `?`, `[seq]`, `[!seq]`, case-sensitive, and anything
 * else for itself. There is no escape but a class: `[*]`.
 */

/** The pattern as a predicate over whole texts (Python's fnmatch). */
export function textGlob(pattern: string): (text: string) => boolean {
  if (pattern === '*') return () => true
  if (!/[*?[]/u.test(pattern)) return (text) => text === pattern
  const expression = new RegExp(`^${translate(pattern, '.')}$`, 'su')
  return (text) => expression.test(text)
}

export interface PathGlob {
  matchesFile(path: string): boolean
  /** `.` is the project's folder itself. */
  matchesFolder(path: string): boolean
}

/** The pattern as predicates over paths with `/`; `**` stands for any number of folders (Python's Path.glob). */
export function pathGlob(pattern: string): PathGlob {
  const parts = pattern.split('/').filter((part) => part !== '' && part !== '.')
  // With a slash or `**` at its end, Python 3.11 gives folders only.
  const foldersOnly = pattern.endsWith('/') || parts.at(-1) === '**'
  const steps = parts.map((part) => (part === '**' ? '(?:[^/]+/)*' : `${translate(part, '[^/]')}/`))
  const expression = new RegExp(`^${steps.join('')}$`, 'su')
  return {
    matchesFile: (path) => !foldersOnly && expression.test(`${path}/`),
    matchesFolder: (path) => expression.test(path === '.' ? '' : `${path}/`),
  }
}

function translate(pattern: string, anyCharacter: string): string {
  let source = ''
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern[at]!
    const end = character === '[' ? classEnd(pattern, at) : -1
    if (character === '*') source += `${anyCharacter}*`
    else if (character === '?') source += anyCharacter
    else if (end < 0) source += character.replaceAll(/[$()*+.?[\\\]^{|}/-]/gu, String.raw`\$&`).replace('\\-', '-')
    else {
      source += characterClass(pattern.slice(at + 1, end))
      at = end
    }
  }
  return source
}

/** Where the class that begins at `start` ends: a `]` at once after `[` or `[!` belongs to it. Negative: no class. */
function classEnd(pattern: string, start: number): number {
  const first = pattern[start + 1] === '!' ? start + 2 : start + 1
  return pattern.indexOf(']', first + 1)
}

function characterClass(content: string): string {
  const negated = content.startsWith('!')
  const members = (negated ? content.slice(1) : content).replaceAll(/[&[\\\]^~|]/gu, String.raw`\$&`)
  return `[${negated ? '^' : ''}${members}]`
}
