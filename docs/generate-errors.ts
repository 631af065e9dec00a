/*
 * Writes docs/reference/errors.md from the error catalogue of @eclusa/sdk: `node docs/generate-errors.ts`.
 * A test fails when the committed page is not what this writes.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { errorCatalogue } from '@eclusa/sdk'
import type { FailureType } from '@eclusa/sdk'

const meanings: Record<FailureType, string> = {
  config_error: 'correct the configuration or the system it names; repeating it changes nothing',
  transient_error: 'may pass by itself; runs repeat it a few times',
  system_error: 'a fault of the program',
}

/** The page as Markdown: what the three kinds mean, and every code in alphabetical order. */
export function errorPage(): string {
  const codes = Object.entries(errorCatalogue).toSorted(([left], [right]) => (left < right ? -1 : 1))
  return [
    '# Errors',
    '',
    '<!-- Written by docs/generate-errors.ts from packages/sdk/src/error-code.ts. Change it there. -->',
    '',
    'Every failure carries a code. Codes are stable: match on them, never on messages. The message of an error says which',
    'object it is about, and often has a more exact remedy than this page, such as the SQL to run.',
    '',
    '| kind | means |',
    '|---|---|',
    ...Object.entries(meanings).map(([failureType, meaning]) => `| \`${failureType}\` | ${meaning} |`),
    '',
    ...codes.flatMap(([code, { failureType, cause, remedy }]) => [
      `## ${code}`,
      '',
      `${cause} (\`${failureType}\`)`,
      '',
      `**Remedy.** ${remedy}`,
      '',
    ]),
  ].join('\n')
}

export const errorPageUrl = new URL('reference/errors.md', import.meta.url)

if (import.meta.main) {
  await mkdir(new URL('.', errorPageUrl), { recursive: true })
  await writeFile(errorPageUrl, errorPage())
}
