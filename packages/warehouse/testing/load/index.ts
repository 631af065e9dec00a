export * from './change-batch.ts'
export * from './history-run.ts'
export * from './random-history.ts'
export * from './stream-batch.ts'
