import type { DuckDBConnection } from '@duckdb/node-api'
import type { SqlType } from '../catalog/sql-type.ts'
import type { FunctionContext } from '../function/function-rule.ts'
import type { Options } from '../parse/ast-option.ts'
import type { ResultColumn, ResultRow } from '../engine/statement.ts'
import type { BoundQuery } from '../translate/translator.ts'
import type { FileFormat } from './file-format.ts'

export interface CopyColumn {
  readonly name: string
  readonly type: SqlType
  readonly nullable: boolean
}

export interface CopyTarget {
  readonly tableId: number
  /** As messages name it. */
  readonly name: string
  /** Writes rows to the columns of these names, the others having their defaults; gives the number of rows. */
  readonly insert: (columns: readonly string[], rows: BoundQuery) => Promise<number>
  readonly columns: readonly CopyColumn[]
}

export interface CopyLocation {
  /** The stage's directory on this machine, and the path below it that was named: a prefix of names. */
  readonly directory: string
  readonly path: string
  /** What stands before a file's name in results: `stage1/`. */
  readonly label: string
}

interface CopyRequest {
  readonly connection: DuckDBConnection
  readonly context: FunctionContext
  readonly location: CopyLocation
  /** Of the statement: FILES, PATTERN, ON_ERROR, … */
  readonly options: Options
  readonly format: FileFormat
}

export interface CopyIntoTableRequest extends CopyRequest {
  /** Has something done once the load cannot be taken back any more. */
  readonly afterCommit: (work: () => Promise<void>) => void
  readonly target: CopyTarget
  /** Names of the columns that were listed behind the table's name; none for all. */
  readonly columns: readonly string[]
  /** The query of a transformation, bound over the files' columns `$1`, `$2`, … */
  readonly transform?: (source: BoundQuery) => BoundQuery
}

export interface CopyIntoLocationRequest extends CopyRequest {
  readonly source: BoundQuery
  /** DuckDB's SQL of a text over the source's `c1`, `c2`, …: the folder of a row. */
  readonly partitionSql?: string
}

export interface CopyResult {
  readonly columns: readonly ResultColumn[]
  readonly rows: readonly ResultRow[]
  /** Over all files. */
  readonly rowsLoaded: number
}
