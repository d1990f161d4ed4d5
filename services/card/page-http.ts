import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { errorCode, InvalidInput, ServiceError } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import { serveFont } from './font-http.ts'

export interface PageServerOptions {
  /** The origin that our own forms are sent from. */
  readonly origin: () => string
  /** `Host` values that are ours; any other is somebody's name for 127.0.0.1 (DNS rebinding). */
  readonly hosts: () => readonly string[]
  /** Other origins that an answer to a form may send the browser on to. */
  readonly formTargets?: readonly string[]
  /** Whether a POST without `Origin` is refused; programs send none, browsers always do. */
  readonly browsersOnly: boolean
  readonly styleSheet: string
  readonly log: Log
  readonly renderError: (fault: PageFault, request: FastifyRequest) => string | object
}

export interface PageFault {
  readonly status: number
  readonly code: string
  /** Safe to show. */
  readonly message: string
}

const STATUS: Readonly<Record<string, number>> = {
  INVALID_INPUT: 400,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  UNAVAILABLE: 503,
}

/** A server of plain pages and forms without script: strict headers, Host and Origin checks, small bodies. */
export function createPageServer(options: PageServerOptions): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: 64 * 1024,
    forceCloseConnections: true,
    // A fault of the address itself meets no error handler, and fastify's own answer quotes the address.
    frameworkErrors: (error, request, reply) => {
      void sendFault(options, describe(error), request, reply)
    },
  })
  const policy = contentSecurityPolicy(options.formTargets ?? [])
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => done(null, readForm(String(body))),
  )
  app.addHook('onRequest', async (request, reply) => {
    void reply.headers({
      'content-security-policy': policy,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      // Not `no-referrer`: with that, browsers send `Origin: null` with our own forms.
      'referrer-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
    })
    refuseForeign(request, options)
  })
  app.setErrorHandler(async (error, request, reply) => {
    const fault = describe(error)
    const fields = {
      route: request.routeOptions.url ?? 'unknown',
      method: request.method,
      status: fault.status,
      code: fault.code,
    }
    if (fault.status >= 500) options.log.error('REQUEST_FAILED', fields, error)
    else options.log.info('REQUEST_REFUSED', fields)
    return sendFault(options, fault, request, reply)
  })
  app.setNotFoundHandler(async (request, reply) =>
    sendFault(options, { status: 404, code: 'NOT_FOUND', message: 'no such page' }, request, reply),
  )
  serveFont(app)
  app.get('/style.css', async (_request, reply) =>
    reply.type('text/css; charset=utf-8').send(options.styleSheet),
  )
  return app
}

/** One string per field; `InvalidInput` when a field comes twice. */
function readForm(body: string): Readonly<Record<string, string>> {
  const fields: Record<string, string> = Object.create(null) as Record<string, string>
  for (const [name, value] of new URLSearchParams(body)) {
    if (fields[name] !== undefined) throw new InvalidInput('form', 'each field once')
    fields[name] = value
  }
  return fields
}

/** A field of a form that was sent, `''` when there is none. */
export function formField(body: unknown, name: string): string {
  const value: unknown =
    typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined
  return typeof value === 'string' ? value : ''
}

class ForeignRequest extends ServiceError {
  readonly code = 'PERMISSION_DENIED'
}

function refuseForeign(request: FastifyRequest, options: PageServerOptions): void {
  if (!options.hosts().includes(request.headers.host ?? '')) {
    throw new ForeignRequest('expected a request to our own name')
  }
  if (request.method === 'GET' || request.method === 'HEAD') return
  const { origin } = request.headers
  if (origin === undefined ? options.browsersOnly : origin !== options.origin()) {
    throw new ForeignRequest('expected a form from our own page')
  }
}

function contentSecurityPolicy(formTargets: readonly string[]): string {
  return [
    "default-src 'none'",
    "style-src 'self'",
    "font-src 'self'",
    // Browsers hold the redirect that answers a form to this list as well.
    ["form-action 'self'", ...formTargets].join(' '),
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

function describe(error: unknown): PageFault {
  if (error instanceof ServiceError) {
    return { status: STATUS[error.code] ?? 422, code: error.code, message: error.message }
  }
  const status =
    error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
      ? error.statusCode
      : 500
  // Messages of the framework may quote the input.
  return status >= 400 && status < 500
    ? { status, code: 'INVALID_INPUT', message: 'expected a request of the documented form' }
    : { status: 500, code: errorCode(error), message: 'internal error' }
}

async function sendFault(
  options: PageServerOptions,
  fault: PageFault,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const content = options.renderError(fault, request)
  if (typeof content === 'string') void reply.type('text/html; charset=utf-8')
  return reply.status(fault.status).send(content)
}
