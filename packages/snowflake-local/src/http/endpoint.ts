import { z } from 'zod'
import type { Engine, MadeUser } from '../engine/engine.ts'
import type { RequestArea } from '../fault/faults.ts'
import { checkLogin, type LocalUser } from '../session/login.ts'
import type { Session, SessionStore } from '../session/session-store.ts'
import { refuse, succeed, type Answer } from './answer.ts'
import { queryRequestSchema } from './query-request.ts'
import type { QueryRunner } from './query-runner.ts'
import type { QueryStore } from './query-store.ts'
import type { Query } from './query.ts'
import { givenParametersSchema, readParameters, tellParameters } from './session-parameters.ts'

export interface EndpointContext {
  readonly engine: Engine
  readonly users: readonly LocalUser[]
  readonly sessions: SessionStore
  readonly queries: QueryStore
  readonly runner: QueryRunner
  /** How long a statement's request waits for its end before the driver is told to ask again. */
  readonly longPollMs: number
}

export interface Call {
  readonly context: EndpointContext
  readonly search: URLSearchParams
  /** Parts of the path that the route names. */
  readonly path: readonly string[]
  readonly body: unknown
  /** Out of the header `Authorization: Snowflake Token="…"`. */
  readonly token: string
  readonly url: string
}

type SessionCall = Call & { readonly session: Session }

export interface Route {
  readonly method: string
  readonly pattern: RegExp
  readonly area: RequestArea
  readonly answer: (call: Call) => Promise<Answer>
}

/** What drivers ask for, path by path. Stages and chunks are not answered with JSON and stand beside it. */
export const routes: readonly Route[] = [
  { method: 'POST', pattern: /^\/session\/v1\/login-request$/, area: 'login', answer: logIn },
  { method: 'POST', pattern: /^\/session\/token-request$/, area: 'session', answer: async (call) => renew(call) },
  { method: 'POST', pattern: /^\/session\/heartbeat$/, area: 'session', answer: inSession(async () => succeed()) },
  { method: 'POST', pattern: /^\/session$/, area: 'session', answer: inSession(endSession) },
  { method: 'GET', pattern: /^\/session$/, area: 'session', answer: inSession(async (call) => tellSession(call)) },
  { method: 'POST', pattern: /^\/queries\/v1\/query-request$/, area: 'query', answer: inSession(submit) },
  {
    method: 'POST',
    pattern: /^\/queries\/v1\/abort-request$/,
    area: 'session',
    answer: inSession(async (call) => abortRequest(call)),
  },
  {
    method: 'POST',
    pattern: /^\/queries\/([\w-]+)\/abort-request$/,
    area: 'session',
    answer: inSession(async (call) => abortQuery(call)),
  },
  { method: 'GET', pattern: /^\/queries\/([\w-]+)\/result$/, area: 'result', answer: inSession(fetchResult) },
  {
    method: 'GET',
    pattern: /^\/monitoring\/queries\/+([\w-]+)$/,
    area: 'result',
    answer: inSession(async (call) => monitor(call)),
  },
  { method: 'POST', pattern: /^\/telemetry\/send(\/sessionless)?$/, area: 'session', answer: async () => succeed() },
]

function inSession(answer: (call: SessionCall) => Promise<Answer>): Route['answer'] {
  return async (call) => {
    const found = call.context.sessions.find(call.token)
    return 'refusal' in found ? refuse(found.refusal) : await answer({ ...call, session: found.session })
  }
}

const loginSchema = z.object({
  data: z.object({
    ACCOUNT_NAME: z.string().nullish(),
    LOGIN_NAME: z.string().nullish(),
    PASSWORD: z.string().nullish(),
    AUTHENTICATOR: z.string().nullish(),
    TOKEN: z.string().nullish(),
    CLIENT_APP_ID: z.string().nullish(),
    CLIENT_APP_VERSION: z.string().nullish(),
    SESSION_PARAMETERS: givenParametersSchema,
    CLIENT_CAPABILITIES: z.record(z.string(), z.unknown()).nullish(),
  }),
})

async function logIn({ context, body, search }: Call): Promise<Answer> {
  const { data } = loginSchema.parse(body)
  const made = context.engine.findUser((data.LOGIN_NAME ?? '').toUpperCase())
  const user = checkLogin(made === undefined ? context.users : [...context.users, made], {
    accountName: data.ACCOUNT_NAME ?? '',
    loginName: data.LOGIN_NAME ?? '',
    authenticator: data.AUTHENTICATOR ?? '',
    password: data.PASSWORD ?? '',
    token: data.TOKEN ?? '',
  })
  if ('code' in user) return refuse(user)
  const objects = objectsOf(search)
  if (objects.role !== undefined && !context.engine.hasRole(user.name.toUpperCase(), objects.role)) {
    return refuse({ code: '390189', message: roleRefusal(objects.role) })
  }
  if (context.sessions.isFull)
    return refuse({ code: '390201', message: 'This endpoint has as many sessions as it may have.' })
  const sql = await context.engine.openSession({
    user: user.name.toUpperCase(),
    parameters: readParameters(data.SESSION_PARAMETERS),
    ...(made === undefined ? {} : defaultsOf(made)),
    ...objects,
  })
  const capable = Object.entries(data.CLIENT_CAPABILITIES ?? {}).filter(([, value]) => value === true)
  const session = context.sessions.add({
    user: user.name.toUpperCase(),
    clientApp: data.CLIENT_APP_ID ?? '',
    clientVersion: data.CLIENT_APP_VERSION ?? '',
    capabilities: new Set(capable.map(([name]) => name)),
    sql,
  })
  return succeed({
    ...tellTokens(context.sessions, session),
    displayUserName: session.user,
    serverVersion: '9.0.0',
    firstLogin: false,
    remMeToken: null,
    remMeValidityInSeconds: 0,
    healthCheckInterval: 45,
    newClientForUpgrade: null,
    sessionId: session.id,
    parameters: tellParameters(sql.parameters),
    sessionInfo: sessionInfo(session),
    idToken: null,
    idTokenValidityInSeconds: 0,
    responseData: null,
    mfaToken: null,
    mfaTokenValidityInSeconds: 0,
  })
}

/** What the connection options of a driver name. */
function objectsOf(search: URLSearchParams): { readonly role?: string } {
  const named = { role: 'roleName', warehouse: 'warehouse', database: 'databaseName', schema: 'schemaName' }
  const given: Record<string, string> = {}
  for (const [option, parameter] of Object.entries(named)) {
    const value = search.get(parameter)
    if (value !== null && value !== '') given[option] = foldName(value)
  }
  return given
}

function roleRefusal(role: string): string {
  return `Role '${role}' specified in the connect string is not granted to this user. Contact your local system administrator, or attempt to login with another role, e.g. PUBLIC.`
}

/** As in SQL: in upper case, unless it is quoted. */
function foldName(name: string): string {
  return /^".*"$/.test(name) ? name.slice(1, -1).replaceAll('""', '"') : name.toUpperCase()
}

function defaultsOf({ defaultRole, defaultWarehouse }: MadeUser): Record<string, string> {
  return {
    ...(defaultRole === undefined ? {} : { role: foldName(defaultRole) }),
    ...(defaultWarehouse === undefined ? {} : { warehouse: foldName(defaultWarehouse) }),
  }
}

function tellTokens(sessions: SessionStore, session: Session) {
  const { session: validityInSeconds, master: masterValidityInSeconds } = sessions.validitySeconds
  return { token: session.sessionToken, validityInSeconds, masterToken: session.masterToken, masterValidityInSeconds }
}

function sessionInfo({ sql }: Session) {
  return {
    databaseName: sql.database ?? null,
    schemaName: sql.schema ?? null,
    warehouseName: sql.warehouse ?? null,
    roleName: sql.role ?? null,
  }
}

function renew({ context, token }: Call): Answer {
  const renewed = context.sessions.renew(token)
  if ('refusal' in renewed) return refuse(renewed.refusal)
  const { session } = renewed
  const { session: validityInSecondsST, master: validityInSecondsMT } = context.sessions.validitySeconds
  return succeed({
    sessionToken: session.sessionToken,
    validityInSecondsST,
    masterToken: session.masterToken,
    validityInSecondsMT,
    sessionId: session.id,
  })
}

async function endSession({ context, session, search }: SessionCall): Promise<Answer> {
  if (search.get('delete') === 'true') await context.sessions.end(session)
  return succeed()
}

function tellSession({ session }: SessionCall): Answer {
  return succeed({ sessionId: session.id, user: session.user, ...sessionInfo(session) })
}

async function submit({ context, session, body, search, url }: SessionCall): Promise<Answer> {
  const request = queryRequestSchema.parse(body)
  const query = context.runner.submit({ session, requestId: search.get('requestId') ?? '', body: request, url })
  if (request.asyncExec === true) return inProgress(query, '333334')
  return (await query.wait(context.longPollMs)) ?? inProgress(query, '333333')
}

/** The driver asks again at once, so it is held until there is something to say. */
async function fetchResult(call: SessionCall): Promise<Answer> {
  const query = findQuery(call)
  if (query === undefined) return unknownQuery
  return (await query.wait(call.context.longPollMs)) ?? inProgress(query, '333333')
}

function inProgress(query: Query, code: string): Answer {
  return succeed(
    { queryId: query.id, getResultUrl: `/queries/${query.id}/result`, queryAbortsAfterSecs: 300, progressDesc: null },
    code,
  )
}

const unknownQuery = refuse({ code: '000709', message: 'Statement not found, or its result is no longer kept.' })

/** A user sees the queries of all the sessions that are his. */
function findQuery({ context, session, path }: SessionCall): Query | undefined {
  const query = context.queries.find(path[0] ?? '')
  return query?.user === session.user ? query : undefined
}

const abortSchema = z.object({ requestId: z.string().nullish() })

function abortRequest({ context, session, body }: SessionCall): Answer {
  const query = context.queries.findRequest(session.user, abortSchema.parse(body).requestId ?? '')
  query?.cancel()
  return succeed()
}

function abortQuery(call: SessionCall): Answer {
  const query = findQuery(call)
  if (query === undefined) return unknownQuery
  query.cancel()
  return succeed()
}

function monitor(call: SessionCall): Answer {
  const query = findQuery(call)
  if (query === undefined) return succeed({ queries: [] })
  const { answer } = query
  return succeed({
    queries: [
      {
        id: query.id,
        status: query.status,
        state: query.status,
        sessionId: query.sessionId,
        startTime: query.startedAtMs,
        errorCode: answer?.success === false ? answer.code : null,
        errorMessage: answer?.success === false ? answer.message : null,
      },
    ],
  })
}
