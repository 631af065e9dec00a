import { accountKey, newDatabase, newSchema, objectKey } from '../catalog/catalog.ts'
import type { AccountObject, SchemaObject } from '../catalog/catalog-object.ts'
import type { CreateObject } from '../parse/ast-ddl.ts'
import { isOptionTrue, optionText } from '../parse/ast-option.ts'
import { setOnContainer } from './container-options.ts'
import { lastVersion } from '../version/statement-version.ts'
import { runDuckdb } from './duckdb.ts'
import { createSequenceSql, discard, register } from './execute-table.ts'
import { applyFutureGrants } from './grants.ts'
import { findDatabase, findTable, fullName, placeOf, requirePrivilege, showName } from './resolve.ts'
import { compilationError, existingObject, insufficientPrivileges, unsupportedFeature } from './sql-error.ts'
import { hasPrivilege } from '../catalog/privilege.ts'
import type { SessionState } from './session-state.ts'

export async function createObject(session: SessionState, statement: CreateObject): Promise<string> {
  switch (statement.object) {
    case 'DATABASE':
      return createDatabase(session, statement)
    case 'SCHEMA':
      return createSchema(session, statement)
    case 'WAREHOUSE':
    case 'ROLE':
    case 'USER':
    case 'RESOURCE MONITOR':
      return createAccountObject(session, statement)
    default:
      return await createSchemaObject(session, statement)
  }
}

function sentence(kind: string): string {
  return kind.charAt(0) + kind.slice(1).toLowerCase()
}

function created(statement: CreateObject, name: string): string {
  return `${sentence(statement.object)} ${showName([name])} successfully created.`
}

function alreadyThere(name: string): string {
  return `${showName([name])} already exists, statement succeeded.`
}

/** Privileges on the account itself belong to ACCOUNTADMIN; SYSADMIN has those on databases and warehouses. */
function requireOnAccount(session: SessionState, privilege: string): void {
  const owners: Readonly<Record<string, string>> = { 'CREATE ROLE': 'USERADMIN', 'CREATE USER': 'USERADMIN' }
  const account = { id: 0, owner: owners[privilege] ?? (privilege.endsWith('MONITOR') ? 'ACCOUNTADMIN' : 'SYSADMIN') }
  if (!hasPrivilege(session.engine.catalog, session.role, account, [privilege])) {
    throw insufficientPrivileges('account', 'LOCAL')
  }
}

function createDatabase(session: SessionState, statement: CreateObject): string {
  const { catalog } = session.engine
  const name = statement.name.parts.at(-1) ?? ''
  requireOnAccount(session, 'CREATE DATABASE')
  if (statement.clone !== undefined) throw unsupportedFeature('CREATE DATABASE CLONE')
  const before = catalog.databases.get(name)
  if (before !== undefined && !statement.replace) {
    if (statement.ifNotExists) return alreadyThere(name)
    throw existingObject(showName([name]))
  }
  if (before !== undefined) catalog.droppedDatabases.push({ object: before, droppedMs: Date.now() })
  const database = newDatabase(catalog, name, session.role, Date.now())
  database.transient = statement.transient
  setOnContainer(database, statement.options)
  catalog.databases.set(name, database)
  // What is created becomes current.
  session.database = name
  session.schema = 'PUBLIC'
  return created(statement, name)
}

function createSchema(session: SessionState, statement: CreateObject): string {
  const { catalog } = session.engine
  const { parts } = statement.name
  const database = findDatabase(session, parts.at(-2))
  const name = parts.at(-1) ?? ''
  requirePrivilege(session, database, 'CREATE SCHEMA')
  if (statement.clone !== undefined) throw unsupportedFeature('CREATE SCHEMA CLONE')
  const before = database.schemas.get(name)
  if (before !== undefined && !statement.replace) {
    if (statement.ifNotExists) return alreadyThere(name)
    throw existingObject(showName([database.name, name]))
  }
  if (before !== undefined) database.dropped.push({ object: before, droppedMs: Date.now() })
  const schema = newSchema(catalog, name, session.role, Date.now())
  schema.transient = statement.transient
  setOnContainer(schema, statement.options)
  database.schemas.set(name, schema)
  session.database = database.name
  session.schema = name
  return created(statement, name)
}

function createAccountObject(session: SessionState, statement: CreateObject): string {
  const { catalog } = session.engine
  const kind = statement.object as AccountObject['kind']
  const name = statement.name.parts.at(-1) ?? ''
  requireOnAccount(session, `CREATE ${kind}`)
  const before = catalog.accountObject(kind, name)
  if (before !== undefined && !statement.replace) {
    if (statement.ifNotExists) return alreadyThere(name)
    throw existingObject(showName([name]))
  }
  const object = accountObjectOf(session, statement, kind, name)
  catalog.account.set(accountKey(kind, name), object)
  if (kind === 'WAREHOUSE') session.warehouse = name
  return created(statement, name)
}

function accountObjectOf(
  session: SessionState,
  { options, triggers }: CreateObject,
  kind: AccountObject['kind'],
  name: string,
): AccountObject {
  const option = (key: string): string | undefined => optionText(options.get(key))
  const common = {
    id: session.engine.catalog.nextId(),
    name,
    owner: session.role,
    comment: option('COMMENT') ?? '',
    createdMs: Date.now(),
  }
  switch (kind) {
    case 'WAREHOUSE':
      return {
        ...common,
        kind,
        size: warehouseSize(option('WAREHOUSE_SIZE')),
        autoSuspendS: Number(option('AUTO_SUSPEND') ?? '600'),
        autoResume: option('AUTO_RESUME')?.toUpperCase() !== 'FALSE',
        suspended: isOptionTrue(options.get('INITIALLY_SUSPENDED')),
        resourceMonitor: option('RESOURCE_MONITOR'),
      }
    case 'RESOURCE MONITOR':
      return {
        ...common,
        kind,
        creditQuota: option('CREDIT_QUOTA') === undefined ? undefined : Number(option('CREDIT_QUOTA')),
        frequency: option('FREQUENCY') ?? 'MONTHLY',
        triggers,
      }
    case 'USER':
      return { ...common, kind, options }
    case 'ROLE':
      return { ...common, kind }
  }
}

const sizes: Readonly<Record<string, string>> = {
  XSMALL: 'X-Small',
  SMALL: 'Small',
  MEDIUM: 'Medium',
  LARGE: 'Large',
  XLARGE: 'X-Large',
  XXLARGE: '2X-Large',
  X2LARGE: '2X-Large',
  XXXLARGE: '3X-Large',
  X3LARGE: '3X-Large',
  X4LARGE: '4X-Large',
  X5LARGE: '5X-Large',
  X6LARGE: '6X-Large',
}

export function warehouseSize(text = 'XSMALL'): string {
  const size = sizes[text.toUpperCase().replaceAll('-', '')]
  if (size === undefined)
    throw compilationError('001008', '22023', `invalid value [${text}] for parameter 'WAREHOUSE_SIZE'`)
  return size
}

async function createSchemaObject(session: SessionState, statement: CreateObject): Promise<string> {
  const place = placeOf(session, statement.name)
  requirePrivilege(session, place.schema, `CREATE ${statement.object}`)
  const key = objectKey(statement.object as SchemaObject['kind'], place.name)
  const before = place.schema.objects.get(key)
  if (before !== undefined && !statement.replace) {
    if (statement.ifNotExists) return alreadyThere(place.name)
    throw existingObject(fullName(place))
  }
  const object = await schemaObjectOf(session, statement, place.name)
  if (before !== undefined) discard(session, place.schema, before)
  register(session, place.schema, object)
  applyFutureGrants(session, place, object)
  return statement.object === 'STAGE'
    ? `Stage area ${showName([place.name])} successfully created.`
    : created(statement, place.name)
}

async function schemaObjectOf(session: SessionState, statement: CreateObject, name: string): Promise<SchemaObject> {
  const { options } = statement
  const option = (key: string): string | undefined => optionText(options.get(key))
  const id = session.engine.catalog.nextId()
  const common = { id, name, owner: session.role, comment: option('COMMENT') ?? '', createdMs: Date.now() }
  switch (statement.object) {
    case 'SEQUENCE': {
      const [start, increment] = [option('START') ?? '1', option('INCREMENT') ?? '1']
      await runDuckdb(session.connection, createSequenceSql(`s${id}`, start, increment))
      return { ...common, kind: 'SEQUENCE', physical: `s${id}`, start, increment }
    }
    case 'STAGE':
      return { ...common, kind: 'STAGE', options, temporary: statement.temporary }
    case 'FILE FORMAT':
      return { ...common, kind: 'FILE FORMAT', options }
    case 'TASK':
      return {
        ...common,
        kind: 'TASK',
        warehouse: option('WAREHOUSE'),
        schedule: option('SCHEDULE'),
        after: statement.after.map(({ parts }) => parts.at(-1) ?? ''),
        condition: statement.conditionText,
        definition: statement.actionText ?? '',
        state: 'suspended',
      }
    case 'ALERT':
      return {
        ...common,
        kind: 'ALERT',
        warehouse: option('WAREHOUSE'),
        schedule: option('SCHEDULE'),
        condition: statement.conditionText ?? '',
        action: statement.actionText ?? '',
        state: 'suspended',
      }
    case 'STREAM': {
      const source = statement.on
      if (source?.kind !== 'TABLE') throw unsupportedFeature('streams on other than tables')
      const { object } = findTable(session, source.name, ['SELECT'])
      return {
        ...common,
        kind: 'STREAM',
        tableId: object.id,
        tableName: object.name,
        appendOnly: isOptionTrue(options.get('APPEND_ONLY')),
        offset: lastVersion(session),
      }
    }
    default:
      throw unsupportedFeature(`CREATE ${statement.object}`)
  }
}
