import type { z } from 'zod'

const kinds: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  record: 'a mapping',
  object: 'a mapping',
  null: 'nothing',
}

/** What a schema refuses, in words for those who wrote the file. */
export function issueText(issue: z.core.$ZodIssue): string {
  const path = issue.path.map(String).join('.')
  const text = sentenceOf(issue)
  return path === '' ? text : `${path}: ${text}`
}

function sentenceOf(issue: z.core.$ZodIssue): string {
  // A sentence of the schema's own.
  if (!/^Invalid (?:input|option)/u.test(issue.message)) return issue.message
  switch (issue.code) {
    case 'invalid_type':
      return typeText(issue)
    case 'invalid_union':
      return unionText(issue)
    case 'invalid_value':
      return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map(String).join(', ')}`
    default:
      return issue.message
  }
}

function typeText({ expected, message }: z.core.$ZodIssueInvalidType): string {
  const kind = kinds[expected] ?? expected
  return message.endsWith('received undefined') ? `is missing: it must be ${kind}` : `must be ${kind}`
}

/** The forms that would do, where each of them is refused as a whole. */
function unionText({ errors }: z.core.$ZodIssueInvalidUnion): string {
  const wanted = errors.flatMap((issues) => {
    const [first] = issues
    return first?.code === 'invalid_type' && first.path.length === 0 ? [kinds[first.expected] ?? first.expected] : []
  })
  return wanted.length === 0 ? 'has a form that it cannot have' : `must be ${[...new Set(wanted)].join(' or ')}`
}
