import { pageAddress } from './conformance-case.ts'
import type { ConformanceFamily, Expected } from './conformance-case.ts'
import { knownDifferences } from './known-differences.ts'
import { conformanceFamilies } from './run-cases.ts'
import { statementCases } from './statement-cases.ts'

/** The page of the documentation that lists what is tested, and what is known to be otherwise. */
export function conformancePage(): string {
  const count = conformanceFamilies.reduce((sum, { cases }) => sum + cases.length, 0)
  return [
    '# What snowflake-local is held to',
    '',
    '<!-- Written by src/conformance/conformance.test.ts of @eclusa/snowflake-local (vitest run -u). Change the cases there. -->',
    '',
    `${count} cases follow results that Snowflake's documentation states, with literals in the place of its columns and long fractions rounded; ${statementCases.length} statements are of the kinds that eclusa and dbt send. \`@eclusa/snowflake-local\` is held to all of them: they run as tests, none skipped, and give the rows that are listed here.`,
    '',
    'This is not a claim to be Snowflake: no account was at hand, and what the documentation does not state is not settled by it. Functions that are not listed below may still be there; a function that is not there fails with `002140 Unknown function`, never silently.',
    '',
    '## Known differences',
    '',
    'Each is tested too: when it goes away, this list has to say so.',
    '',
    '| SQL | stated | why it is otherwise here |',
    '|---|---|---|',
    ...knownDifferences.map(
      ({ page, sql, stated, why }) => `| ${code(sql)} | [${show(stated)}](${pageAddress(page)}) | ${why} |`,
    ),
    '',
    'Beside these: `TIMESTAMP` and `TIME` have microseconds; `FLOAT` is printed with the fewest digits that tell it apart; a statement that fails within a transaction ends that transaction; COPY INTO checks texts before it loads them, but a transformation that fails aborts the statement whatever ON_ERROR says, and VALIDATION_MODE knows RETURN_ERRORS and RETURN_ALL_ERRORS only; PURGE removes files when its statement ends, also in a transaction that is rolled back later; Avro, ORC and XML files are refused.',
    '',
    '## Statements',
    '',
    ...statementCases.map(
      ({ name, sql, expected }) => `- ${name}: ${code(sql)}${expected === undefined ? '' : ` → ${show(expected)}`}`,
    ),
    '',
    ...conformanceFamilies.flatMap(familyLines),
  ].join('\n')
}

function familyLines({ title, cases }: ConformanceFamily): readonly string[] {
  return [
    `## ${title}`,
    '',
    '| SQL | result |',
    '|---|---|',
    ...cases.map(([page, sql, expected]) => `| ${code(sql)} | [${show(expected)}](${pageAddress(page)}) |`),
    '',
  ]
}

function code(text: string): string {
  const fence = text.includes('`') ? '``' : '`'
  return `${fence}${escapeCell(text)}${fence}`
}

function show(expected: Expected): string {
  if (expected === null) return 'NULL'
  if (typeof expected === 'string') return expected === '' ? 'empty' : code(expected)
  return code(expected.map((row) => row.map((value) => value ?? 'NULL').join(', ')).join(' / '))
}

function escapeCell(text: string): string {
  return text.replaceAll('|', String.raw`\|`).replaceAll('\n', ' ')
}
