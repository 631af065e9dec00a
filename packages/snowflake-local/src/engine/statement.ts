/*
 * The line between the HTTP side, which knows the drivers' protocol and no SQL, and the engine, which knows SQL and no
 * protocol.
 */

import type { CancelStatements } from '../function/function-rule.ts'

/** A column as Snowflake describes it to a client. `type` is the wire's name of it. */
export interface ResultColumn {
  readonly name: string
  readonly type: WireType
  readonly nullable: boolean
  /** Digits of FIXED. */
  readonly precision?: number
  /** Digits after the point of FIXED; digits of the fraction of a second of TIME and the timestamps. */
  readonly scale?: number
  /** Characters of TEXT, bytes of BINARY. */
  readonly length?: number
  readonly byteLength?: number
}

export type WireType =
  | 'fixed'
  | 'real'
  | 'text'
  | 'boolean'
  | 'date'
  | 'time'
  | 'timestamp_ntz'
  | 'timestamp_ltz'
  | 'timestamp_tz'
  | 'binary'
  | 'variant'
  | 'object'
  | 'array'

/**
 * Values as the JSON rowset writes them: decimal text, `1`/`0` for booleans, days since 1970 for dates, seconds with a
 * fraction for times and timestamps (timestamp_tz: a space and the offset in minutes + 1440 after it), hex for binary,
 * JSON text for semi-structured values. Arrow results are made from the same texts.
 */
export type ResultRow = readonly (string | null)[]

export interface Bind {
  /** FIXED, REAL, BOOLEAN, TEXT, DATE, TIME, TIMESTAMP_NTZ, … as the driver names it. */
  readonly type: string
  /** One value, or one for each row of an array bind. */
  readonly value: string | null | readonly (string | null)[]
}

export interface StatementRequest {
  readonly queryId: string
  readonly sqlText: string
  /** By position, from the driver's keys `1`, `2`, … */
  readonly binds?: readonly Bind[]
  /** Rows of a bind stage: a text for each bind. Read anew by each iteration. */
  readonly bindRows?: AsyncIterable<ResultRow>
  readonly describeOnly?: boolean
  /** Parameters of this statement alone, by upper-case name: QUERY_TAG, TIMEZONE … */
  readonly parameters?: ReadonlyMap<string, string>
  readonly signal: AbortSignal
  /** For SYSTEM$CANCEL_QUERY and SYSTEM$CANCEL_ALL_QUERIES. */
  readonly cancel?: CancelStatements
}

export interface StatementResult {
  /** Snowflake's number for the kind of statement: 4096 for SELECT, 12544 INSERT, 12800 UPDATE, 13056 DELETE, 13312 MERGE. */
  readonly statementTypeId: number
  readonly columns: readonly ResultColumn[]
  /** Blocks of rows in order; read once. */
  readonly rows: AsyncIterable<readonly ResultRow[]>
  /** For PUT and GET: what the client has to move. The engine has parsed it; the HTTP side answers in the stage's shape. */
  readonly transfer?: FileTransfer
}

export interface FileTransfer {
  readonly command: 'UPLOAD' | 'DOWNLOAD'
  /** What was named at the client's side: a path or pattern to upload, the directory to download to. */
  readonly localPath: string
  /** The directory of the stage on this machine's disk, and the path below it that was named. */
  readonly stageDirectory: string
  readonly stagePath: string
  readonly autoCompress: boolean
  readonly sourceCompression: string
  readonly overwrite: boolean
  readonly parallel: number
  /** Of GET. */
  readonly pattern?: string
}

/** An error as Snowflake tells it: `000904` / `42000` and so on. */
export interface SqlFault {
  readonly code: string
  readonly sqlState: string
  readonly message: string
}
