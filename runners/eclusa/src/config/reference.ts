import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

/*
 * `${env:NAME}` and `${file:path}` stand for what must not be written into a configuration. `$${` writes a `${`.
 * References are recognised in values only, never in keys, and what they resolve to is not looked at again.
 */
const tokenPattern = /\$\$\{|\$\{([^}]*)\}?/gu

/** What configuration may take from outside itself. */
export interface ReferenceSources {
  readonly env: Readonly<Record<string, string | undefined>>
  /** What relative `${file:}` paths are relative to. */
  readonly directory: string
}

export interface ResolvedText {
  readonly text: string
  /** The values that were put in. */
  readonly values: readonly string[]
  /** Names of the environment variables whose values were put in. */
  readonly variables: readonly string[]
  /** The text is one reference and nothing else. */
  readonly isWhole: boolean
  /** What is wrong, in words that name the variable or the file. */
  readonly faults: readonly string[]
}

export function hasReference(text: string): boolean {
  return [...text.matchAll(tokenPattern)].some((token) => token[0] !== '$${')
}

/** Puts in what each reference stands for. */
export function resolveReferences(text: string, sources: ReferenceSources): ResolvedText {
  const values: string[] = []
  const variables: string[] = []
  const faults: string[] = []
  const resolved = text.replaceAll(tokenPattern, (token: string, inner: string | undefined) => {
    if (inner === undefined) return '${'
    const outcome = resolveOne(token, inner, sources)
    if (outcome.value === undefined) {
      faults.push(outcome.fault)
      return token
    }
    values.push(outcome.value)
    if (inner.startsWith('env:')) variables.push(inner.slice('env:'.length))
    return outcome.value
  })
  const isWhole = /^\$\{[^}]*\}$/u.test(text)
  return { text: resolved, values, variables, isWhole, faults }
}

type Outcome = { readonly value: string; readonly fault?: never } | { readonly value?: never; readonly fault: string }

function resolveOne(token: string, inner: string, sources: ReferenceSources): Outcome {
  const [kind = '', name = ''] = inner.split(/:(.*)/su)
  if (!token.endsWith('}')) return { fault: 'a reference that begins with "${" needs a closing "}"' }
  if (kind === 'env' && name !== '') return resolveVariable(name, sources)
  if (kind === 'file' && name !== '') return resolveFile(name, sources)
  return { fault: `"${token}" is no reference: write \${env:NAME} or \${file:path}, and $\${ for a plain \${` }
}

function resolveVariable(name: string, { env }: ReferenceSources): Outcome {
  const value = env[name]
  return value === undefined ? { fault: `environment variable ${name} is not set` } : { value }
}

/** Files written by editors and secret stores end with a line break that is no part of the secret. */
function resolveFile(path: string, { directory }: ReferenceSources): Outcome {
  try {
    return { value: readFileSync(resolve(directory, path), 'utf8').replace(/\r?\n$/u, '') }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
    return { fault: `file ${path} cannot be read (${code})` }
  }
}
