import { commandInvalid } from './command-line.ts'

export type WarningVerdict = 'error' | 'warn' | 'silence'

/** What `--warn-error` and `--warn-error-options` make of a warning, by dbt's name of it. */
export interface WarningPolicy {
  verdict(name: string): WarningVerdict
}

interface NamedWarnings {
  readonly error: 'all' | readonly string[]
  readonly warn: readonly string[]
  readonly silence: readonly string[]
}

/** Stands for all names that end in it. */
const deprecations = 'Deprecations'

/**
 * What is named by itself goes before `Deprecations`, and that before `all`; silence before warn before error.
 *
 * @throws COMMAND_INVALID for options that dbt refuses too.
 */
export function warningPolicy(warnError: boolean, options: Readonly<Record<string, unknown>>): WarningPolicy {
  const named = namedWarnings(warnError ? { error: 'all' } : options)
  const verdicts = ['silence', 'warn', 'error'] as const
  return {
    verdict: (name) => {
      const groups = name.endsWith('Deprecation') ? [name, deprecations] : [name]
      for (const group of groups) {
        const found = verdicts.find((verdict) => named[verdict] !== 'all' && named[verdict].includes(group))
        if (found !== undefined) return found
      }
      return named.error === 'all' ? 'error' : 'warn'
    },
  }
}

function namedWarnings(options: Readonly<Record<string, unknown>>): NamedWarnings {
  const error = options['error'] ?? options['include'] ?? []
  const all = error === 'all' || error === '*'
  const named: NamedWarnings = {
    error: all ? 'all' : namesOf('error', error),
    warn: namesOf('warn', options['warn'] ?? options['exclude'] ?? []),
    silence: namesOf('silence', options['silence'] ?? []),
  }
  const hasGround = all || named.error.includes(deprecations) || named.silence.includes(deprecations)
  if (named.warn.length > 0 && !hasGround)
    throw commandInvalid(
      "'--warn-error-options': warn leaves out what error: all names; give error: all, or leave warn out.",
    )
  return named
}

function namesOf(key: string, value: unknown): readonly string[] {
  const isName = (name: unknown) => typeof name === 'string' && /^[A-Z][A-Za-z0-9]+$/u.test(name)
  if (Array.isArray(value) && value.every(isName)) return value as string[]
  const forms = key === 'error' ? "'all', or a list of names of warnings" : 'a list of names of warnings'
  throw commandInvalid(`'--warn-error-options': ${key} must be ${forms}, such as [NoNodesForSelectionCriteria].`)
}
