import { EclusaError } from '@eclusa/sdk'
import type { CheckFinding, ErrorCode } from '@eclusa/sdk'
import { readRelations } from '../catalog/relation.ts'
import type { Relation } from '../catalog/relation.ts'
import type { PostgresConfig } from '../config.ts'
import type { Session } from '../connection/session.ts'
import { findMissingSchemas, isReadable } from '../discover.ts'
import { qualifiedName, quoteIdentifier } from '../sql-text.ts'
import { failed, passed, warning } from './finding.ts'

interface Role {
  readonly config: PostgresConfig
  readonly username: string
}

/** Looks at schemas and at every table and view in them: what the role may read, and what would stay hidden from it. */
export async function* examineRelations(session: Session, role: Role): AsyncGenerator<CheckFinding, void, undefined> {
  const { schemas } = role.config
  for (const name of await findMissingSchemas(session, schemas ?? [])) {
    yield failed(
      `schema ${name}`,
      new EclusaError('POSTGRES_SCHEMA_MISSING', { message: `There is no schema "${name}" in the database.` }),
    )
  }
  const relations = await readRelations(session, schemas === undefined ? {} : { schemas })
  for (const [schemaName, inSchema] of Map.groupBy(relations, (relation) => relation.schemaName)) {
    yield* schemaFindings(schemaName, inSchema, role)
  }
  const readable = relations.filter(isReadable)
  for (const relation of readable) yield* relationFindings(relation, role)
  yield readable.length > 0 || Object.keys(role.config.queries).length > 0
    ? passed('tables', `${readable.length} tables and views can be read.`)
    : nothingReadable(relations, role)
}

function* schemaFindings(schemaName: string, relations: readonly Relation[], role: Role): Generator<CheckFinding> {
  const schema = quoteIdentifier(schemaName)
  const grantee = quoteIdentifier(role.username)
  if (relations.some((relation) => !relation.isSchemaUsable)) {
    yield concern(role, schemaName, {
      subject: `USAGE on schema ${schemaName}`,
      code: 'POSTGRES_PRIVILEGE_MISSING',
      message: `Role "${role.username}" may not use schema "${schemaName}".`,
      remedy: `GRANT USAGE ON SCHEMA ${schema} TO ${grantee}; GRANT SELECT ON ALL TABLES IN SCHEMA ${schema} TO ${grantee};`,
    })
    return
  }
  const unreadable = relations.filter((relation) => !isReadable(relation))
  if (unreadable.length === 0) return
  // Tables may be kept from the role on purpose, so this is never more than a warning.
  yield warning(
    `SELECT in schema ${schemaName}`,
    `Role "${role.username}" may not read ${unreadable.map(({ name }) => `"${name}"`).join(', ')}: left out by discover.`,
    `GRANT SELECT ON ${unreadable.map(qualifiedName).join(', ')} TO ${grantee};`,
  )
}

/** What is to be known of a table that the role may read, or read in part. */
export function* relationFindings(relation: Relation, role: Role): Generator<CheckFinding> {
  const name = `${relation.schemaName}.${relation.name}`
  const hidden = relation.columns.filter((column) => !column.isReadable).map((column) => column.name)
  if (hidden.length > 0 || relation.isAddressHidden) yield columnsFinding(relation, hidden, role)
  if (relation.isRowSecurityActive && role.config.row_level_security === 'refuse') {
    yield concern(role, relation.schemaName, {
      subject: `row level security of ${name}`,
      code: 'POSTGRES_ROWS_HIDDEN',
      message: `Policies on ${name} hide rows from role "${role.username}": reading it is refused.`,
      remedy: `ALTER ROLE ${quoteIdentifier(role.username)} BYPASSRLS; (or set row_level_security: apply to read only the visible rows)`,
    })
  }
  if (relation.isUnlogged) {
    yield warning(
      `unlogged table ${name}`,
      'It is emptied by a crash of the server, and replication cannot follow it.',
      `ALTER TABLE ${qualifiedName(relation)} SET LOGGED;`,
    )
  }
}

/** Restricting a role to columns is legitimate: what it costs is said, with what would lift it. */
function columnsFinding(relation: Relation, hidden: readonly string[], { username }: Role): CheckFinding {
  const columns = hidden.map((column) => `"${column}"`).join(', ')
  const sentences = [
    ...(hidden.length > 0 ? [`Role "${username}" may not read the columns ${columns}: left out by discover.`] : []),
    ...(relation.isAddressHidden
      ? [
          'With SELECT on columns alone, the table is copied in one piece, which begins anew after an interruption, and cursor_guard xmin cannot be used.',
        ]
      : []),
  ]
  const wanted = [...hidden.map(quoteIdentifier), ...(relation.isAddressHidden ? ['ctid', 'xmin'] : [])]
  return warning(
    `SELECT on ${relation.schemaName}.${relation.name}`,
    sentences.join(' '),
    `GRANT SELECT (${wanted.join(', ')}) ON ${qualifiedName(relation)} TO ${quoteIdentifier(username)};`,
  )
}

interface Concern {
  readonly subject: string
  readonly code: ErrorCode
  readonly message: string
  readonly remedy: string
}

/** A failure where the schema was asked for by name, else a warning. */
function concern({ config }: Role, schemaName: string, { subject, code, message, remedy }: Concern): CheckFinding {
  const status = config.schemas?.includes(schemaName) ? 'failed' : 'warning'
  return { status, subject, message, code, remedy }
}

function nothingReadable(relations: readonly Relation[], { config, username }: Role): CheckFinding {
  const schema = quoteIdentifier(config.schemas?.[0] ?? relations[0]?.schemaName ?? 'public')
  const grantee = quoteIdentifier(username)
  const where = config.schemas === undefined ? 'in this database' : `in the schemas ${config.schemas.join(', ')}`
  return failed(
    'tables',
    new EclusaError('POSTGRES_PRIVILEGE_MISSING', {
      message:
        relations.length === 0
          ? `There is no table or view ${where}.`
          : `Role "${username}" may read none of the ${relations.length} tables and views ${where}.`,
      remedy: `GRANT USAGE ON SCHEMA ${schema} TO ${grantee}; GRANT SELECT ON ALL TABLES IN SCHEMA ${schema} TO ${grantee};`,
    }),
  )
}
