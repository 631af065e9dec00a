import { EclusaError, defineErrorCodes } from '@eclusa/sdk'
import { z } from 'zod'

export const notesConfig = z.strictObject({ url: z.url(), token: z.string().meta({ secret: true }) })
const note = z.object({ id: z.int(), text: z.string(), written_at: z.string() })

export const notesErrors = defineErrorCodes('NOTES', {
  TOKEN_REFUSED: {
    failureType: 'config_error',
    cause: 'The notes service does not accept the token.',
    remedy: 'Make a new token in the settings of the service, and set it as `token`.',
  },
})

/** The first notes after an id, in the order of their ids; none after the last. */
export async function fetchPage({ url, token }: z.output<typeof notesConfig>, after: number, signal: AbortSignal) {
  const response = await fetch(`${url}?after=${after}`, { headers: { authorization: `Bearer ${token}` }, signal })
  if (response.status === 401)
    throw new EclusaError(notesErrors.TOKEN_REFUSED, { message: `${url} refused the token.` })
  if (!response.ok) throw new EclusaError('SERVICE_REFUSED', { message: `${url} answered ${response.status}.` })
  return z.array(note).parse(await response.json())
}
