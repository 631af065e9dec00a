import type { ObjectName } from './ast-expression.ts'
import type { Grant, GrantTarget } from './ast-ddl.ts'
import { parseType } from './parse-type.ts'
import type { TokenReader } from './token-reader.ts'

const containedKinds = (
  'TABLES|VIEWS|SCHEMAS|STAGES|FILE FORMATS|SEQUENCES|STREAMS|TASKS|ALERTS|MATERIALIZED VIEWS|' +
  'DYNAMIC TABLES|EXTERNAL TABLES|FUNCTIONS|PROCEDURES|PIPES'
).split('|')
export const grantableKinds = (
  'ACCOUNT|DATABASE|SCHEMA|WAREHOUSE|TABLE|VIEW|STAGE|FILE FORMAT|SEQUENCE|STREAM|TASK|ALERT|USER|' +
  'ROLE|RESOURCE MONITOR|MATERIALIZED VIEW|DYNAMIC TABLE|EXTERNAL TABLE|INTEGRATION|FUNCTION|' +
  'PROCEDURE|PIPE'
).split('|')

export function parseGrant(reader: TokenReader): Grant {
  const isGrant = reader.expectOneOf(['GRANT', 'REVOKE']) === 'GRANT'
  if (reader.isWord('ROLE') && !reader.isWord('ON', 1)) return parseRoleGrant(reader, isGrant)
  reader.takeWords('GRANT', 'OPTION', 'FOR')
  const privileges = reader.list(() => parsePrivilege(reader))
  reader.expectWords('ON')
  const on = parseGrantTarget(reader)
  reader.expectWords(isGrant ? 'TO' : 'FROM')
  if (privileges[0] === 'OWNERSHIP') return parseOwnership(reader, on)
  const kind = reader.takeOneOf(['ROLE', 'DATABASE ROLE', 'USER', 'SHARE']) === 'USER' ? 'USER' : 'ROLE'
  const name = reader.identifier()
  const withGrantOption = reader.takeWords('WITH', 'GRANT', 'OPTION')
  reader.takeOneOf(['CASCADE', 'RESTRICT'])
  return { kind: isGrant ? 'grant' : 'revoke', privileges, on, grantee: { kind, name }, withGrantOption }
}

function parseRoleGrant(reader: TokenReader, isGrant: boolean): Grant {
  reader.next()
  const role = reader.identifier()
  reader.expectWords(isGrant ? 'TO' : 'FROM')
  const kind = reader.takeOneOf(['ROLE', 'USER']) ?? 'ROLE'
  return { kind: isGrant ? 'grantRole' : 'revokeRole', role, grantee: { kind, name: reader.identifier() } }
}

/** The words up to a comma or ON: `CREATE TABLE`, `ALL PRIVILEGES` (said as ALL). */
function parsePrivilege(reader: TokenReader): string {
  const words: string[] = []
  while (!reader.isWord('ON') && reader.token.kind === 'word') words.push(reader.identifier())
  if (words.length === 0) throw reader.unexpected()
  return words[0] === 'ALL' ? 'ALL' : words.join(' ')
}

export function parseGrantTarget(reader: TokenReader): GrantTarget {
  if (reader.takeWords('ACCOUNT')) return { kind: 'ACCOUNT', name: undefined, scope: undefined, container: undefined }
  const scope = reader.takeOneOf(['ALL', 'FUTURE'])
  if (scope === undefined) {
    const kind = reader.takeOneOf(grantableKinds) ?? 'TABLE'
    const name = reader.objectName()
    return { kind, name: kind === 'PROCEDURE' ? withTypes(reader, name) : name, scope, container: undefined }
  }
  const kind = reader.expectOneOf(containedKinds).replace(/S$/u, '')
  reader.expectWords('IN')
  const container = reader.expectOneOf(['SCHEMA', 'DATABASE'])
  return { kind, name: reader.objectName(), scope, container }
}

/** A procedure is named with the types of its parameters. */
function withTypes(reader: TokenReader, name: ObjectName): ObjectName {
  reader.expectSymbol('(')
  const types = reader.isSymbol(')') ? [] : reader.list(() => parseType(reader).word)
  reader.expectSymbol(')')
  return { ...name, parts: [...name.parts.slice(0, -1), `${name.parts.at(-1) ?? ''}(${types.join(', ')})`] }
}

function parseOwnership(reader: TokenReader, on: GrantTarget): Grant {
  reader.takeOneOf(['ROLE', 'DATABASE ROLE'])
  const role = reader.identifier()
  const currentGrants = reader.takeOneOf(['COPY', 'REVOKE'])
  if (currentGrants !== undefined) reader.expectWords('CURRENT', 'GRANTS')
  return { kind: 'grantOwnership', on, role, currentGrants }
}
