import { createHash, randomBytes } from 'node:crypto'

/** What a PUT or GET statement allows its client: the files of one stage, for as long as a cloud's token lives. */
export interface StageGrant {
  readonly token: string
  readonly directory: string
  readonly expiresAtMs: number
}

const grantsMax = 10_000

export class StageGrants {
  readonly #validityMs: number
  readonly #byToken = new Map<string, StageGrant>()
  /** Of the whole endpoint: the stages of one account have one, and files outlive the sessions that put them. */
  readonly masterKey = randomBytes(16)

  constructor(validityMs: number) {
    this.#validityMs = validityMs
  }

  issue(directory: string, nowMs = Date.now()): StageGrant {
    const grant = { token: randomBytes(32).toString('base64url'), directory, expiresAtMs: nowMs + this.#validityMs }
    this.#byToken.set(grant.token, grant)
    this.#forgetOld(nowMs)
    return grant
  }

  /** The grant of a token, if it is good for this bucket. */
  find(token: string, bucket: string, nowMs = Date.now()): StageGrant | undefined {
    const grant = this.#byToken.get(token)
    if (grant === undefined || grant.expiresAtMs <= nowMs || bucketOf(grant.directory) !== bucket) return undefined
    return grant
  }

  #forgetOld(nowMs: number): void {
    // In the order of their issue, and so of their end.
    for (const grant of this.#byToken.values()) {
      if (grant.expiresAtMs > nowMs && this.#byToken.size <= grantsMax) return
      this.#byToken.delete(grant.token)
    }
  }
}

/** What stands for a stage's directory in URLs, which are no place for paths of this machine. */
export function bucketOf(directory: string): string {
  return createHash('sha256').update(directory).digest('hex').slice(0, 32)
}
