import type { Show } from './ast-statement.ts'
import { grantableKinds } from './parse-grant.ts'
import type { TokenReader } from './token-reader.ts'

const shownObjects = (
  'TABLES|VIEWS|MATERIALIZED VIEWS|DYNAMIC TABLES|EXTERNAL TABLES|OBJECTS|SCHEMAS|DATABASES|' +
  'COLUMNS|PRIMARY KEYS|UNIQUE KEYS|IMPORTED KEYS|EXPORTED KEYS|SEQUENCES|STAGES|FILE FORMATS|' +
  'WAREHOUSES|ROLES|USERS|STREAMS|TASKS|ALERTS|RESOURCE MONITORS|PARAMETERS|VARIABLES|TRANSACTIONS|' +
  'LOCKS|FUNCTIONS|PROCEDURES|REGIONS'
).split('|')
const containers = ['ACCOUNT', 'DATABASE', 'SCHEMA', 'TABLE', 'VIEW', 'SESSION', 'USER', 'WAREHOUSE', 'TASK']

/** After SHOW. */
export function parseShow(reader: TokenReader): Show {
  const terse = reader.takeWords('TERSE')
  if (reader.takeWords('GRANTS')) return { ...empty('GRANTS', terse), grants: parseShownGrants(reader) }
  // SHOW USER FUNCTIONS leaves out those that are built in, and no others are shown here.
  reader.takeWords('USER')
  const objects = reader.expectOneOf(shownObjects)
  const history = reader.takeWords('HISTORY')
  const like = reader.takeWords('LIKE') ? reader.string() : undefined
  const within = reader.takeOneOf(['IN', 'FOR']) === undefined ? undefined : parseContainer(reader)
  const likeAfter = reader.takeWords('LIKE') ? reader.string() : undefined
  const startsWith = reader.takeWords('STARTS', 'WITH') ? reader.string() : undefined
  const limit = reader.takeWords('LIMIT') ? reader.integer() : undefined
  const from = limit !== undefined && reader.takeWords('FROM') ? reader.string() : undefined
  return { ...empty(objects, terse), history, like: like ?? likeAfter, in: within, startsWith, limit, from }
}

function empty(objects: string, terse: boolean): Show {
  return {
    kind: 'show',
    terse,
    objects,
    history: false,
    like: undefined,
    in: undefined,
    grants: undefined,
    startsWith: undefined,
    limit: undefined,
    from: undefined,
  }
}

/** A bare name is a schema, or a table where columns and keys are shown. */
function parseContainer(reader: TokenReader): Show['in'] {
  const kind = reader.takeOneOf(containers)
  const isNamed = reader.isIdentifier() && !reader.isWords('STARTS', 'WITH') && !reader.isWord('LIMIT')
  const name = isNamed && !reader.isWord('LIKE') ? reader.objectName() : undefined
  return { kind: kind ?? '', name }
}

function parseShownGrants(reader: TokenReader): Show['grants'] {
  const relation = reader.takeOneOf(['ON', 'TO', 'OF'])
  if (relation === undefined) return { relation: 'TO', kind: 'USER', name: undefined }
  // `SHOW GRANTS ON a.b` means a table or view, `TO a` a role.
  const kind = reader.takeOneOf(grantableKinds) ?? (relation === 'ON' ? 'TABLE' : 'ROLE')
  return { relation, kind, name: kind === 'ACCOUNT' ? undefined : reader.objectName() }
}
