import { join } from 'node:path'
import type { Stage } from '../catalog/catalog-object.ts'
import { parseObjectName } from '../parse/parse-statement.ts'
import { findObject, findTable } from './resolve.ts'
import type { SessionState } from './session-state.ts'

export interface StageLocation {
  /** Where the stage keeps its files. */
  readonly directory: string
  /** Below it, without a slash before. */
  readonly path: string
  /** Of a named stage; the user's and a table's have none. */
  readonly stage: Stage | undefined
  /** As LIST names the stage: lower case. */
  readonly name: string
}

/** `~/path`, `%table/path`, `db.schema.stage/path`: what stands behind the `@`. */
export function stageLocation(session: SessionState, location: string): StageLocation {
  const { stagesDirectory } = session.engine
  const { name, path } = splitLocation(location)
  if (name === '~') {
    return {
      directory: join(stagesDirectory, `user-${encodeURIComponent(session.user)}`),
      path,
      stage: undefined,
      name: '~',
    }
  }
  const table = /^(?<scope>.*\.)?%(?<table>[^.]+)$/u.exec(name)
  if (table?.groups !== undefined) {
    const object = findTable(session, parseObjectName(`${table.groups['scope'] ?? ''}${table.groups['table'] ?? ''}`), [
      'SELECT',
    ]).object
    return {
      directory: join(stagesDirectory, `table-${object.id}`),
      path,
      stage: undefined,
      name: `%${object.name.toLowerCase()}`,
    }
  }
  const { object } = findObject(session, parseObjectName(name), 'STAGE')
  return {
    directory: join(stagesDirectory, `stage-${object.id}`),
    path,
    stage: object,
    name: object.name.toLowerCase(),
  }
}

/** At the first slash that stands in no quotes. */
function splitLocation(location: string): { readonly name: string; readonly path: string } {
  let quoted = false
  for (const [index, character] of Array.from(location).entries()) {
    if (character === '"') quoted = !quoted
    if (character === '/' && !quoted) return { name: location.slice(0, index), path: location.slice(index + 1) }
  }
  return { name: location, path: '' }
}
