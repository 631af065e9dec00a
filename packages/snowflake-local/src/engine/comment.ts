import type { SchemaObjectKind } from '../catalog/catalog-object.ts'
import type { Comment } from '../parse/ast-ddl.ts'
import { findDatabase, findObject, findRelationObject, findSchema, showName } from './resolve.ts'
import { SqlError, invalidIdentifier, unknownObject } from './sql-error.ts'
import type { SessionState } from './session-state.ts'

const succeeded = 'Statement executed successfully.'

export function comment(session: SessionState, statement: Comment): string {
  try {
    setComment(session, statement)
  } catch (error) {
    if (!(statement.ifExists && error instanceof SqlError && error.code === '002003')) throw error
  }
  return succeeded
}

function setComment(session: SessionState, { object, name, comment: text }: Comment): void {
  switch (object) {
    case 'COLUMN': {
      const table = { parts: name.parts.slice(0, -1), at: name.at }
      const column = findRelationObject(session, table, ['OWNERSHIP']).object.columns.find(
        (candidate) => candidate.name === name.parts.at(-1),
      )
      if (column === undefined) throw invalidIdentifier(showName(name.parts.slice(-1)))
      column.comment = text
      return
    }
    case 'TABLE':
    case 'VIEW':
    case 'DYNAMIC TABLE':
    case 'MATERIALIZED VIEW':
      findRelationObject(session, name, ['OWNERSHIP']).object.comment = text
      return
    case 'DATABASE':
      findDatabase(session, name.parts[0]).comment = text
      return
    case 'SCHEMA':
      findSchema(session, name.parts).schema.comment = text
      return
    case 'WAREHOUSE':
    case 'ROLE':
    case 'USER': {
      const found = session.engine.catalog.accountObject(object, name.parts[0] ?? '')
      if (found === undefined) throw unknownObject(object, showName(name.parts))
      found.comment = text
      return
    }
    default:
      findObject(session, name, object as SchemaObjectKind).object.comment = text
  }
}
