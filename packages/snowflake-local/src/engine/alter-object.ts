import { accountKey, objectKey } from '../catalog/catalog.ts'
import type { AccountObject, SchemaObject, SchemaObjectKind } from '../catalog/catalog-object.ts'
import type { AlterObject, MonitorTrigger } from '../parse/ast-ddl.ts'
import { isOptionTrue, optionText } from '../parse/ast-option.ts'
import type { Options } from '../parse/ast-option.ts'
import { warehouseSize } from './create-object.ts'
import { findDatabase, findObject, findSchema, requirePrivilege, showName } from './resolve.ts'
import { SqlError, existingObject, unknownObject, unsupportedFeature } from './sql-error.ts'
import { setOnContainer } from './container-options.ts'
import type { SessionState } from './session-state.ts'

const succeeded = 'Statement executed successfully.'

export function alterObject(session: SessionState, statement: AlterObject): string {
  try {
    change(session, statement)
  } catch (error) {
    if (!(statement.ifExists && error instanceof SqlError && error.code === '002003')) throw error
  }
  return succeeded
}

function change(session: SessionState, statement: AlterObject): void {
  switch (statement.object) {
    case 'DATABASE':
      changeDatabase(session, statement)
      return
    case 'SCHEMA':
      changeSchema(session, statement)
      return
    case 'WAREHOUSE':
    case 'ROLE':
    case 'USER':
    case 'RESOURCE MONITOR':
      changeAccountObject(session, statement)
      return
    default:
      changeSchemaObject(session, statement)
  }
}

function changeDatabase(session: SessionState, { name, change: changed }: AlterObject): void {
  const { catalog } = session.engine
  const database = findDatabase(session, name.parts[0])
  requirePrivilege(session, database, 'OWNERSHIP')
  if (changed.kind === 'rename') {
    rename(catalog.databases, database, changed.to.parts.at(-1) ?? '')
    return
  }
  if (changed.kind === 'swap') {
    const other = findDatabase(session, changed.with.parts[0])
    ;[database.name, other.name] = [other.name, database.name]
    catalog.databases.set(database.name, database)
    catalog.databases.set(other.name, other)
    return
  }
  if (changed.kind === 'set') setOnContainer(database, changed.options)
}

function changeSchema(session: SessionState, { name, change: changed }: AlterObject): void {
  const { database, schema } = findSchema(session, name.parts)
  requirePrivilege(session, schema, 'OWNERSHIP')
  if (changed.kind === 'rename') {
    rename(database.schemas, schema, changed.to.parts.at(-1) ?? '')
    return
  }
  if (changed.kind === 'swap') {
    const other = findSchema(session, changed.with.parts)
    ;[schema.name, other.schema.name] = [other.schema.name, schema.name]
    database.schemas.set(schema.name, schema)
    other.database.schemas.set(other.schema.name, other.schema)
    return
  }
  if (changed.kind === 'set') setOnContainer(schema, changed.options)
}

function rename<Item extends { name: string }>(items: Map<string, Item>, item: Item, to: string): void {
  if (items.has(to)) throw existingObject(showName([to]))
  items.delete(item.name)
  item.name = to
  items.set(to, item)
}

function changeAccountObject(session: SessionState, { object, name, change: changed }: AlterObject): void {
  const { catalog } = session.engine
  const kind = object as AccountObject['kind']
  const given = name.parts[0] ?? ''
  const found = catalog.accountObject(kind, given === 'CURRENT_USER' ? session.user : given)
  if (found === undefined) throw unknownObject(kind.charAt(0) + kind.slice(1).toLowerCase(), showName(name.parts))
  requirePrivilege(session, found, found.kind === 'WAREHOUSE' && changed.kind === 'act' ? 'OPERATE' : 'OWNERSHIP')
  if (changed.kind === 'rename') {
    catalog.account.delete(accountKey(kind, found.name))
    found.name = changed.to.parts.at(-1) ?? ''
    catalog.account.set(accountKey(kind, found.name), found)
  } else if (changed.kind === 'set') setOn(found, changed.options, changed.triggers)
  else if (changed.kind === 'act' && found.kind === 'WAREHOUSE') found.suspended = actSuspends(found, changed.words)
  else if (changed.kind === 'unset' && found.kind === 'USER') found.options = without(found.options, changed.names)
}

/** Only a running warehouse can be suspended, and only a suspended one resumed. */
function actSuspends({ name, suspended }: { name: string; suspended: boolean }, words: string): boolean {
  if (words !== 'SUSPEND' && words !== 'RESUME') return suspended
  if (words === 'SUSPEND' && suspended) {
    throw new SqlError({
      code: '090064',
      sqlState: '22000',
      message: `Invalid state. Warehouse '${name}' cannot be suspended.`,
    })
  }
  return words === 'SUSPEND'
}

function without(options: Options, names: readonly string[]): Options {
  return new Map([...options].filter(([name]) => !names.includes(name)))
}

function setOn(found: AccountObject, options: Options, triggers: readonly MonitorTrigger[]): void {
  const option = (key: string): string | undefined => optionText(options.get(key))
  found.comment = option('COMMENT') ?? found.comment
  if (found.kind === 'WAREHOUSE') {
    if (option('WAREHOUSE_SIZE') !== undefined) found.size = warehouseSize(option('WAREHOUSE_SIZE'))
    found.autoSuspendS = Number(option('AUTO_SUSPEND') ?? found.autoSuspendS)
    if (options.has('AUTO_RESUME')) found.autoResume = isOptionTrue(options.get('AUTO_RESUME'))
    found.resourceMonitor = option('RESOURCE_MONITOR') ?? found.resourceMonitor
  } else if (found.kind === 'RESOURCE MONITOR') {
    if (option('CREDIT_QUOTA') !== undefined) found.creditQuota = Number(option('CREDIT_QUOTA'))
    if (triggers.length > 0) found.triggers = triggers
  } else if (found.kind === 'USER') found.options = new Map([...found.options, ...options])
}

function changeSchemaObject(session: SessionState, { object, name, change: changed }: AlterObject): void {
  const { schema, object: found } = findObject(session, name, object as SchemaObjectKind)
  requirePrivilege(session, found, 'OWNERSHIP')
  if (changed.kind === 'rename') {
    schema.objects.delete(objectKey(found.kind, found.name))
    found.name = changed.to.parts.at(-1) ?? ''
    schema.objects.set(objectKey(found.kind, found.name), found)
  } else if (changed.kind === 'set') setOnObject(found, changed.options)
  else if (changed.kind === 'act') act(found, changed.words)
  else if (changed.kind === 'after' && found.kind === 'TASK') {
    const names = changed.tasks.map(({ parts }) => parts.at(-1) ?? '')
    found.after = changed.add ? [...found.after, ...names] : found.after.filter((task) => !names.includes(task))
  } else if (changed.kind === 'modify') modify(found, changed)
  else if (changed.kind === 'unset' && changed.names.includes('COMMENT')) found.comment = ''
}

function setOnObject(found: SchemaObject, options: Options): void {
  const option = (key: string): string | undefined => optionText(options.get(key))
  found.comment = option('COMMENT') ?? found.comment
  if (found.kind === 'STAGE' || found.kind === 'FILE FORMAT') found.options = new Map([...found.options, ...options])
  if (found.kind === 'TASK' || found.kind === 'ALERT') {
    found.warehouse = option('WAREHOUSE') ?? found.warehouse
    found.schedule = option('SCHEDULE') ?? found.schedule
  }
}

function act(found: SchemaObject, words: string): void {
  if (found.kind === 'TASK' || found.kind === 'ALERT') found.state = words === 'RESUME' ? 'started' : 'suspended'
  else if (words !== 'REFRESH') throw unsupportedFeature(`ALTER ${found.kind} ${words}`)
}

function modify(found: SchemaObject, { part, text }: AlterObject['change'] & { kind: 'modify' }): void {
  if (found.kind === 'TASK') {
    if (part === 'AS') found.definition = text
    else found.condition = text
  } else if (found.kind === 'ALERT') {
    if (part === 'ACTION') found.action = text
    else found.condition = text
  }
}
