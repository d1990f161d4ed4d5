import cookie from '@fastify/cookie'
import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import fastifyStatic from '@fastify/static'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import {
  fastify,
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type RawServerDefault,
} from 'fastify'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { faultOf } from '../database/errors.ts'
import { ServiceError, TooManyRequests } from '../kernel/errors.ts'
import { FactsRefused } from '../kernel/facts-check.ts'
import type { Log } from '../kernel/log.ts'

/** A fastify whose routes take their types from TypeBox schemas. */
export type HttpServer = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

export interface HttpServerOptions {
  /** Our own origin, such as `http://localhost:8080`: what `Origin` and `Host` must say. */
  readonly origin: () => string
  readonly log: Log
  /** Requests per minute and client address over all routes. */
  readonly requestsPerMinute: number
  /** Folder of the built pages; every path that is no file and no API gives its `index.html`. */
  readonly pages?: string
}

const STATUS: Readonly<Record<string, number>> = {
  INVALID_INPUT: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  TOO_MANY_REQUESTS: 429,
  UNAVAILABLE: 503,
}

/** HTTP status of an error code; a code that is not listed is a refusal of the business: 422. */
function statusOf(error: ServiceError): number {
  return STATUS[error.code] ?? 422
}

/**
 * What every HTTP face of ours shares: limits, security headers, the check against cross-site requests, and one form of
 * error, `{error: {code, message, path?}}`, that never quotes its input or its cause.
 */
export async function createHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const app = fastify({
    bodyLimit: 64 * 1024,
    routerOptions: { maxParamLength: 200 },
    logger: false,
    forceCloseConnections: true,
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, allErrors: false } },
    frameworkErrors: (error, request, reply) => refuseAddress(options.log, error, request, reply),
  }).withTypeProvider<TypeBoxTypeProvider>()

  await app.register(cookie)
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        manifestSrc: ["'self'"],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    // Without TLS on localhost there is nothing to be strict about; a proxy in front sets it.
    strictTransportSecurity: false,
    referrerPolicy: { policy: 'no-referrer' },
  })
  await app.register(rateLimit, {
    max: options.requestsPerMinute,
    timeWindow: 60_000,
    errorResponseBuilder: (_request, context) =>
      new TooManyRequests('too many requests from this address', Math.ceil(context.ttl / 1000)),
  })

  app.addHook('onRequest', async (request, reply) => {
    void reply.header('cache-control', 'no-store')
    if (request.method === 'GET' || request.method === 'HEAD') return
    const { origin } = request.headers
    // Fetch §3.1: a browser puts Origin on every unsafe request. Without one the caller is no browser, and then it has no
    // business with a cookie.
    const foreign =
      origin === undefined ? request.headers.cookie !== undefined : origin !== options.origin()
    if (foreign) {
      await reply.status(403).send({
        error: { code: 'CROSS_SITE_REQUEST', message: 'expected a request from our own pages' },
      })
    }
  })

  app.setErrorHandler(async (thrown, request, reply) => {
    const error = faultOf(thrown)
    const route = request.routeOptions.url ?? 'unknown'
    // Facts of ours that our own schema does not take are a fault of ours, whoever asked.
    if (error instanceof ServiceError && !(error instanceof FactsRefused)) {
      const status = statusOf(error)
      options.log.info('REQUEST_REFUSED', {
        route,
        method: request.method,
        status,
        code: error.code,
      })
      if (error instanceof TooManyRequests)
        void reply.header('retry-after', String(error.retryAfterSeconds))
      const path = 'path' in error && typeof error.path === 'string' ? { path: error.path } : {}
      const reason =
        'reason' in error && typeof error.reason === 'string' ? { reason: error.reason } : {}
      return reply
        .status(status)
        .send({ error: { code: error.code, message: error.message, ...path, ...reason } })
    }
    if (isInputFault(error)) {
      options.log.info('REQUEST_REFUSED', {
        route,
        method: request.method,
        status: error.statusCode,
        code: error.code,
      })
      return reply
        .status(error.statusCode)
        .send({ error: { code: 'INVALID_INPUT', message: describe(error), ...pathOf(error) } })
    }
    options.log.error('REQUEST_FAILED', { route, method: request.method, status: 500 }, error)
    return reply.status(500).send({ error: { code: 'INTERNAL', message: 'internal error' } })
  })

  if (options.pages !== undefined) {
    await app.register(fastifyStatic, {
      root: options.pages,
      cacheControl: false,
      setHeaders: cacheForever,
    })
  }
  app.setNotFoundHandler(async (request, reply) => {
    const isPage =
      request.method === 'GET' &&
      !request.url.startsWith('/api/') &&
      !request.url.startsWith('/assets/')
    if (options.pages !== undefined && isPage) return reply.sendFile('index.html')
    return reply.status(404).send({ error: { code: 'NOT_FOUND', message: 'no such page' } })
  })
  return app
}

/** Faults of the address itself meet no error handler, and fastify's own answer to them quotes the address. */
function refuseAddress(
  log: Log,
  { statusCode: status = 400, code }: FastifyError,
  { method }: FastifyRequest,
  reply: FastifyReply,
): void {
  log.info('REQUEST_REFUSED', { method, status, code })
  const message = 'expected an address of the documented form'
  void reply.status(status).send({ error: { code: 'INVALID_INPUT', message } })
}

// Names of built files hold a digest of their content, so they never change.
function cacheForever(reply: FastifyReply, path: string): void {
  if (path.includes('/assets/')) {
    void reply.header('cache-control', 'public, max-age=31536000, immutable')
  }
}

interface InputFault extends Error {
  readonly statusCode: number
  readonly code: string
  readonly validation?: readonly { readonly instancePath: string; readonly message?: string }[]
  readonly validationContext?: string
}

function isInputFault(error: unknown): error is InputFault {
  if (!(error instanceof Error) || !('statusCode' in error)) return false
  return typeof error.statusCode === 'number' && error.statusCode >= 400 && error.statusCode < 500
}

// ajv's messages name the rule that was broken and never the value; other messages of fastify may quote the input.
function describe(error: InputFault): string {
  const first = error.validation?.[0]
  if (first !== undefined) return `${first.instancePath || '/'}: ${first.message ?? 'invalid'}`
  return error.statusCode === 413
    ? 'expected a body of at most 64 KiB'
    : 'expected a JSON body of the documented form'
}

function pathOf(error: InputFault): { path?: string } {
  const first = error.validation?.[0]
  return first === undefined
    ? {}
    : { path: `${error.validationContext ?? 'body'}${first.instancePath}` }
}
