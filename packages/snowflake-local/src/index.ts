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
