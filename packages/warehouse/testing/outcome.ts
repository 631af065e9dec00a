import { EclusaError } from '@eclusa/sdk'
import type { AnyErrorCode } from '@eclusa/sdk'

/** The error that it ends in; undefined when there is none. */
export async function failureOf(promise: Promise<unknown>): Promise<EclusaError | undefined> {
  try {
    await promise
    return undefined
  } catch (error) {
    if (EclusaError.isInstance(error)) return error
    throw error
  }
}

/** The code of the error; undefined when there was none. */
export async function outcomeOf(promise: Promise<unknown>): Promise<AnyErrorCode | undefined> {
  return (await failureOf(promise))?.code
}
