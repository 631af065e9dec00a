import { readFile } from 'node:fs/promises'
import path from 'node:path'

/** Says whether a file, by its path within the project, is to be left out. */
export type IgnoreRule = (file: string) => boolean

/** The rules of a project's .dbtignore, which is written as .gitignore is. Without the file nothing is ignored. */
export async function readIgnoreFile(directory: string): Promise<IgnoreRule> {
  const text = await readFile(path.join(directory, '.dbtignore'), 'utf8').catch(() => '')
  return ignoreRule(text)
}

/** The last pattern that matches decides; `!` takes a file back in. */
export function ignoreRule(text: string): IgnoreRule {
  const patterns = text
    .split(/\r?\n/u)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ ignores: !line.startsWith('!'), expression: expressionOf(line.replace(/^!/u, '')) }))
  return (file) => patterns.findLast(({ expression }) => expression.test(file))?.ignores ?? false
}

/** A pattern without a slash inside matches at every depth; one that names a folder matches all below it. */
function expressionOf(pattern: string): RegExp {
  const isAnchored = pattern.slice(0, -1).includes('/')
  const bare = pattern.replace(/^\//u, '').replace(/\/$/u, '')
  const body = bare.replaceAll(/\*\*\/|\/\*\*$|\*|\?|\[[^\]]*\]|[.+^${}()|\\]/gu, (token) => {
    if (token === '**/') return '(?:.*/)?'
    if (token === '/**') return '/.*'
    if (token === '*') return '[^/]*'
    if (token === '?') return '[^/]'
    return token.startsWith('[') ? token.replace(/^\[!/u, '[^') : `\\${token}`
  })
  const ending = pattern.endsWith('/') ? '/.*' : '(?:/.*)?'
  return new RegExp(`^${isAnchored ? '' : '(?:.*/)?'}${body}${ending}$`, 'u')
}
