import { randomBytes, randomInt } from 'node:crypto'
import type { SqlSession } from '../engine/engine.ts'
import { StatementQueue } from './statement-queue.ts'

export interface SessionLimits {
  /** How long a session token is good for; drivers renew it then. */
  readonly sessionValidityMs: number
  /** How long a session lives without a request; its user logs in anew then. */
  readonly masterValidityMs: number
  readonly sessionsMax: number
}

/** A login: the drivers' tokens on the one side, the SQL session on the other. */
export interface Session {
  readonly id: number
  readonly user: string
  /** CLIENT_APP_ID of the driver: `JavaScript`, `PythonConnector`, … */
  readonly clientApp: string
  readonly clientVersion: string
  /** What the driver says that it can do, of which `SMK_ID_AS_STRING` counts here. */
  readonly capabilities: ReadonlySet<string>
  readonly sql: SqlSession
  readonly queue: StatementQueue
  /** Where files that this session put for array binds lie, by the path below the stage. */
  readonly bindDirectories: Map<string, string>
  sessionToken: string
  masterToken: string
  sessionExpiresAtMs: number
  masterExpiresAtMs: number
}

export type TokenState = { readonly session: Session } | { readonly refusal: TokenRefusal }

export interface TokenRefusal {
  readonly code: string
  readonly message: string
}

const invalidToken: TokenRefusal = { code: '390104', message: 'Session token is invalid. Please login again.' }
const goneSession: TokenRefusal = {
  code: '390111',
  message: 'Session no longer exists. New login required to access the service.',
}
const expiredSession: TokenRefusal = { code: '390112', message: 'Session token has expired. Please renew it.' }
const expiredMaster: TokenRefusal = {
  code: '390114',
  message: 'Authentication token has expired. The user must authenticate again.',
}

/** Tokens of sessions that ended or were renewed, kept so that a late request is told which of the two it was. */
const retiredTokensMax = 10_000

export class SessionStore {
  readonly #limits: SessionLimits
  readonly #bySessionToken = new Map<string, Session>()
  readonly #byMasterToken = new Map<string, Session>()
  readonly #retired = new Map<string, TokenRefusal>()

  constructor(limits: SessionLimits) {
    this.#limits = limits
  }

  get validitySeconds(): { readonly session: number; readonly master: number } {
    return {
      session: Math.ceil(this.#limits.sessionValidityMs / 1000),
      master: Math.ceil(this.#limits.masterValidityMs / 1000),
    }
  }

  get size(): number {
    return this.#bySessionToken.size
  }

  get isFull(): boolean {
    return this.size >= this.#limits.sessionsMax
  }

  add(
    login: Pick<Session, 'user' | 'clientApp' | 'clientVersion' | 'capabilities' | 'sql'>,
    nowMs = Date.now(),
  ): Session {
    const session: Session = {
      ...login,
      id: sessionNumber(login.sql.sessionId),
      queue: new StatementQueue(),
      bindDirectories: new Map(),
      sessionToken: '',
      masterToken: '',
      sessionExpiresAtMs: 0,
      masterExpiresAtMs: 0,
    }
    this.#issue(session, nowMs)
    return session
  }

  find(sessionToken: string, nowMs = Date.now()): TokenState {
    const session = this.#bySessionToken.get(sessionToken)
    if (session === undefined) return { refusal: this.#retired.get(sessionToken) ?? invalidToken }
    if (session.masterExpiresAtMs <= nowMs) return { refusal: expiredMaster }
    if (session.sessionExpiresAtMs <= nowMs) return { refusal: expiredSession }
    session.masterExpiresAtMs = nowMs + this.#limits.masterValidityMs
    return { session }
  }

  /** New tokens for the session of a master token. The driver may send the old session token once more, and renews again. */
  renew(masterToken: string, nowMs = Date.now()): TokenState {
    const session = this.#byMasterToken.get(masterToken)
    if (session === undefined) return { refusal: this.#retired.get(masterToken) ?? invalidToken }
    if (session.masterExpiresAtMs <= nowMs) return { refusal: expiredMaster }
    this.#forget(session, expiredSession, expiredMaster)
    this.#issue(session, nowMs)
    return { session }
  }

  async end(session: Session): Promise<void> {
    this.#forget(session, goneSession, goneSession)
    await session.queue.close()
    await session.sql.close()
  }

  /** Ends the sessions that nobody has used for as long as a master token lives. */
  async endExpired(nowMs = Date.now()): Promise<void> {
    const expired = [...this.#bySessionToken.values()].filter((session) => session.masterExpiresAtMs <= nowMs)
    await Promise.all(expired.map(async (session) => await this.end(session)))
  }

  async endAll(): Promise<void> {
    await Promise.all([...this.#bySessionToken.values()].map(async (session) => await this.end(session)))
  }

  #issue(session: Session, nowMs: number): void {
    session.sessionToken = `session:${randomBytes(32).toString('base64url')}`
    session.masterToken = `master:${randomBytes(32).toString('base64url')}`
    session.sessionExpiresAtMs = nowMs + this.#limits.sessionValidityMs
    session.masterExpiresAtMs = nowMs + this.#limits.masterValidityMs
    this.#bySessionToken.set(session.sessionToken, session)
    this.#byMasterToken.set(session.masterToken, session)
  }

  #forget(session: Session, ofSession: TokenRefusal, ofMaster: TokenRefusal): void {
    this.#bySessionToken.delete(session.sessionToken)
    this.#byMasterToken.delete(session.masterToken)
    this.#retired.set(session.sessionToken, ofSession)
    this.#retired.set(session.masterToken, ofMaster)
    for (const token of this.#retired.keys()) {
      if (this.#retired.size <= retiredTokensMax) break
      this.#retired.delete(token)
    }
  }
}

/** The number that CURRENT_SESSION() gives, where it is one that drivers can read. */
function sessionNumber(text: string): number {
  const number = Number(text)
  return Number.isSafeInteger(number) && number > 0 ? number : randomInt(1, 2 ** 47)
}
