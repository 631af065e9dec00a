/** What can go wrong here, by its catalogued code. */
export type FailureCode =
  | 'POSTGRES_LOCAL_BINARIES_MISSING'
  | 'POSTGRES_LOCAL_BINARIES_UNUSABLE'
  | 'POSTGRES_LOCAL_CACHE_UNTRUSTED'
  | 'POSTGRES_LOCAL_DATA_UNUSABLE'
  | 'POSTGRES_LOCAL_START_FAILED'

export function failure(code: FailureCode, message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { name: 'EclusaError', code, failureType: 'system_error' })
}
