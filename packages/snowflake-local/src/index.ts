export type {
  Bind,
  FileTransfer,
  ResultColumn,
  ResultRow,
  SqlFault,
  StatementRequest,
  StatementResult,
  WireType,
} from './engine/statement.ts'
export type { Fault, FaultKind, Faults, FaultState, RequestArea } from './fault/faults.ts'
export type { RequestRecord } from './http/server.ts'
export type { LocalUser } from './session/login.ts'
export {
  startSnowflakeLocal,
  type ConnectionOptions,
  type SnowflakeLocal,
  type SnowflakeLocalLimits,
  type SnowflakeLocalOptions,
} from './snowflake-local.ts'
