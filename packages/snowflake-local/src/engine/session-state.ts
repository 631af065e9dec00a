import type { DuckDBConnection } from '@duckdb/node-api'
import type { Catalog } from '../catalog/catalog.ts'
import type { SchemaObject, Stream } from '../catalog/catalog-object.ts'
import type { TypedSql } from '../function/function-rule.ts'
import type { StatementVersion } from '../version/statement-version.ts'
import type { CommitClock } from './commit-clock.ts'
import type { ResultRow, StatementResult } from './statement.ts'
import type { TableLocks } from './table-locks.ts'
import type { OutputColumn } from '../translate/translator.ts'

/** What the sessions of one database share. */
export interface EngineState {
  readonly catalog: Catalog
  readonly stagesDirectory: string
  readonly history: HistoryEntry[]
  /** Of the statements that changed rows, from the oldest. */
  readonly versions: StatementVersion[]
  /** Rows of recent statements by query id, for RESULT_SCAN. */
  readonly results: Map<string, KeptResult>
  readonly sessions: Set<SessionState>
  readonly locks: TableLocks
  readonly commits: CommitClock
  /** Writes the catalog down; for databases that are on disk. */
  readonly save: (connection: DuckDBConnection) => Promise<void>
}

export interface KeptResult {
  readonly columns: readonly OutputColumn[]
  readonly rows: readonly ResultRow[]
  /** False when there were too many to keep. */
  readonly complete: boolean
}

export interface HistoryEntry {
  readonly queryId: string
  readonly queryText: string
  readonly sessionId: string
  readonly userName: string
  readonly roleName: string | undefined
  readonly warehouseName: string | undefined
  readonly databaseName: string | undefined
  readonly schemaName: string | undefined
  readonly queryType: string
  readonly queryTag: string
  readonly startedMs: number
  readonly endedMs: number
  readonly errorCode: string | undefined
  readonly errorMessage: string | undefined
  readonly rowsProduced: number | undefined
}

/** One session: what it has chosen, what is temporary, and its connection to DuckDB. */
export interface SessionState {
  /** Takes back what its open transaction has done; what it runs is interrupted. */
  readonly abort: () => void
  readonly engine: EngineState
  readonly connection: DuckDBConnection
  readonly sessionId: string
  readonly user: string
  role: string
  warehouse: string | undefined
  database: string | undefined
  schema: string | undefined
  readonly parameters: Map<string, string>
  readonly variables: Map<string, TypedSql>
  /** By id of the schema and key of the object. */
  readonly temporary: Map<string, SchemaObject>
  readonly queryIds: string[]
  /** Streams that the open transaction has read, and up to where. */
  readonly consumed: Map<Stream, number>
  /** That of BEGIN, or the one that a single statement runs in. */
  open: OpenTransaction | undefined
  transactionId: number
}

/** What DuckDB's transaction does not know of itself. */
export interface OpenTransaction {
  /** Opened by BEGIN, or since AUTOCOMMIT is off: it outlasts its statements. */
  readonly isExplicit: boolean
  /** Commits of others up to this one are seen. */
  snapshot: number
  /** The statements that changed rows and went well. */
  readonly journal: JournalEntry[]
  /** What cannot be taken back, and so waits for the commit. */
  readonly afterCommit: (() => Promise<void>)[]
  /** DuckDB gave it up, or a statement failed half-way: to be done again before it goes on. */
  isBroken: boolean
  isReplaying: boolean
  /** Why it can only be rolled back. */
  lost: Error | undefined
}

interface JournalEntry {
  readonly rows: readonly ResultRow[]
  readonly run: () => Promise<StatementResult>
}

export function temporaryKey(schemaId: number, key: string): string {
  return `${schemaId} ${key}`
}
