import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { errorBody, errorHeaders, GatewayError, isGatewayError } from '../proxy/errors/errors.ts'
import type { AdminWorld } from './admin-world.ts'
import { type AdminRoute, adminRoutes, RejectedConfig } from './routes.ts'
import { createTokenGate } from './token-gate.ts'

/** Request and response of the server that hands them over. */
type Routed = Parameters<FastifyInstance['routing']>

/** The admin API, as something that another server hands requests to. */
export interface AdminApi {
  /** Answers one request, whatever it is. `remoteAddress` is whose it is, behind trusted proxies as well. */
  handle(...exchange: [...Routed, remoteAddress: string]): void
  close(): Promise<void>
}

const prefix = '/admin/api'
const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

/**
 * Creates the API over fastify, which listens nowhere: the gateway's own server hands it what begins with `/admin/`,
 * so that it answers while the data plane is overloaded or draining. Every request has to present the token, also
 * one for a path that is none. Answers are JSON and kept by nobody; errors have the shape of all others.
 */
export async function createAdminApi(world: AdminWorld): Promise<AdminApi> {
  const { log, newRequestId } = world
  const refusalOf = createDoor(world)
  const app = fastify({
    genReqId: newRequestId,
    routerOptions: { maxParamLength: 256 },
    // A target that cannot be decoded reaches no hook.
    frameworkErrors: (_error, request, reply) =>
      void refuse(reply, refusalOf(request) ?? notHere(request.method, request.url)),
  })
  // Actions have no bodies. What comes all the same is not read: the server ends that connection with the answer.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  app.addHook('onRequest', async request => {
    const refusal = refusalOf(request)
    if (refusal !== undefined) throw refusal
  })
  app.setErrorHandler((error, request, reply) => {
    if (error instanceof RejectedConfig) return refuse(reply, error, { problems: error.problems })
    if (isGatewayError(error)) return refuse(reply, error)
    log.error({ requestId: request.id, error }, 'The admin API failed.')
    return refuse(reply, new GatewayError('internal_error'))
  })
  app.setNotFoundHandler((request, reply) => refuse(reply, notHere(request.method, request.url)))
  serve(app, adminRoutes(world))
  await app.ready()
  return {
    handle(request, response, remoteAddress) {
      addresses.set(request, remoteAddress)
      app.routing(request, response)
    },
    close: () => app.close(),
  }
}

/** What the door looks at; a request whose target cannot be decoded has this much as well. */
type Asked = Pick<FastifyRequest, 'method' | 'url' | 'headers' | 'raw'>

/** By request: fastify knows only the peer of the connection. */
const addresses = new WeakMap<Routed[0], string>()
const addressOf = ({ raw }: Pick<FastifyRequest, 'raw'>): string => addresses.get(raw) ?? ''

/** Says of every request why it may not come in, undefined when it may. */
function createDoor({ token, clock, log }: AdminWorld): (asked: Asked) => GatewayError | undefined {
  const gate = createTokenGate(clock)
  return asked => {
    const { method, url, headers } = asked
    const remoteAddress = addressOf(asked)
    const known = token()
    // A reload took it away between the server's question and this one.
    if (known === undefined) return notHere(method, url)
    const refusal = gate.refusal(headers.authorization, known, remoteAddress)
    if (refusal?.code === 'admin_token_invalid')
      log.warn({ remoteAddress, errorCode: refusal.code }, 'A wrong admin token was refused.')
    return refusal
  }
}

/** Every path with the methods it has, and the answer for all others. */
function serve(app: FastifyInstance, routes: readonly AdminRoute[]): void {
  const byPath = Map.groupBy(routes, route => route.path)
  for (const [path, own] of byPath) {
    for (const { method, run } of own) {
      app.route({
        method,
        url: `${prefix}${path}`,
        async handler(request, reply) {
          reply.header('x-request-id', request.id).header('cache-control', 'no-store')
          return run({
            params: request.params as Record<string, string>,
            query: request.query as Record<string, unknown>,
            remoteAddress: addressOf(request),
          })
        },
      })
    }
    const served = own.map(({ method }) => method)
    const allow = served.flatMap(method => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ')
    app.route({
      method: methods.filter(method => !served.includes(method as 'GET')),
      url: `${prefix}${path}`,
      handler: (request, reply) =>
        refuse(
          reply,
          new GatewayError('method_not_allowed', {
            values: { method: request.method, path: pathOf(request.url), allow },
            headers: [['allow', allow]],
          }),
        ),
    })
  }
}

function notHere(method: string, url: string): GatewayError {
  return new GatewayError('unknown_route', {
    values: { method, path: pathOf(url), nearest: `GET ${prefix}/accounts` },
  })
}

function pathOf(url: string): string {
  const query = url.indexOf('?')
  return query === -1 ? url : url.slice(0, query)
}

/** The error in the shape of all others; `more` stands beside it. */
function refuse(reply: FastifyReply, error: GatewayError, more?: object): FastifyReply {
  const plain = Buffer.from(errorBody(error, reply.request.id))
  const body =
    more === undefined ? plain : Buffer.from(JSON.stringify({ ...JSON.parse(`${plain}`), ...more }))
  for (const [name, value] of errorHeaders(error, reply.request.id, body.length)) reply.header(name, value)
  return reply.code(error.status).header('cache-control', 'no-store').send(body)
}
