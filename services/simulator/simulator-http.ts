import type { AddressInfo } from 'node:net'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { createPageServer, formField, type PageFault } from '../card/page-http.ts'
import { PAGE_STYLE } from '../card/page-style.ts'
import { chooseLanguage, htmlDocument, html } from '../card/html.ts'
import { fromBase64, fromBase64Url, toHex } from '../kernel/bytes.ts'
import { sha256 } from '../kernel/digest.ts'
import { InvalidInput, NotFound } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import { deskPage } from './desk-page.ts'
import { perform, viewPeople } from './desk.ts'
import { CERTIFICATE_FAMILIES, type CertificateFamily } from './profile.ts'
import type { SimulatorCore } from './simulator-core.ts'

export interface SimulatorServer {
  readonly port: number
  close(): Promise<void>
}

/** Listens on 127.0.0.1 alone. */
export async function startSimulatorServer(
  core: SimulatorCore,
  options: { readonly port: number; readonly log: Log },
): Promise<SimulatorServer> {
  let port = options.port
  const app = simulatorServer(core, { log: options.log, port: () => port })
  await app.listen({ host: '127.0.0.1', port })
  port = (app.server.address() as AddressInfo).port // listens on a TCP port
  return { port, close: () => app.close() }
}

/** CRLs, OCSP, linkage, latest attributes and the issuer's desk over HTTP. */
export function simulatorServer(
  core: SimulatorCore,
  options: { readonly log: Log; readonly port: () => number },
): FastifyInstance {
  const names = ['issuer.localhost', '127.0.0.1', 'localhost']
  const app = createPageServer({
    origin: () => `http://issuer.localhost:${options.port()}`,
    // Clients of OCSP leave the port or the whole header out; browsers never do.
    hosts: () => ['', ...names, ...names.map((name) => `${name}:${options.port()}`)],
    browsersOnly: false,
    styleSheet: PAGE_STYLE,
    log: options.log,
    renderError: (fault, request) => (isForPerson(request) ? faultPage(fault) : faultBody(fault)),
  })
  app.addHook('onRequest', async () => {
    const { latencyMilliseconds } = core.switches.get()
    if (latencyMilliseconds > 0) {
      await new Promise((resolve) => setTimeout(resolve, latencyMilliseconds))
    }
  })
  addStatusRoutes(app, core)
  addLinkageRoutes(app, core)
  addLatestAttributesRoutes(app, core)
  addApiRoutes(app, core)
  addDeskRoutes(app, core)
  return app
}

/** Forms of the desk, and whatever a browser's address bar asks for; programs get JSON. */
function isForPerson({ url, headers }: FastifyRequest): boolean {
  return url.startsWith('/desk') || headers.accept?.includes('text/html') === true
}

function faultBody({ code, message }: PageFault): object {
  return { error: { code, message } }
}

function faultPage({ code, message }: PageFault): string {
  const body = html`<h1>発行局の窓口（模擬） / Issuer's desk (simulator)</h1>
    <p class="error" role="alert">${code}: ${message}</p>
    <p><a href="/">もどる / Back</a></p>`
  return htmlDocument({ language: 'ja', title: '模擬発行局', body })
}

function addStatusRoutes(app: FastifyInstance, core: SimulatorCore): void {
  app.addContentTypeParser(
    'application/ocsp-request',
    { parseAs: 'buffer' },
    (_request, body, done) => done(null, body),
  )
  app.get('/crl', async (request, reply) => {
    const name = fromBase64Url(field(request.query, 'dp'), 'dp')
    return reply.type('application/pkix-crl').send(Buffer.from(core.status.crlByName(name)))
  })
  app.get('/crl/:family/:file', async (request, reply) => {
    const [, scope, next] = /^(full|\d{5})(-next)?\.crl$/.exec(field(request.params, 'file')) ?? []
    if (scope === undefined) throw new NotFound('no such list')
    const generation = next === undefined ? 'current' : 'next'
    const crl = core.status.crl(family(request.params), scope, generation)
    return reply.type('application/pkix-crl').send(Buffer.from(crl))
  })
  app.post('/ocsp/:family', async (request, reply) => {
    const body = request.body instanceof Uint8Array ? request.body : new Uint8Array()
    const answer = await core.status.ocsp(family(request.params), body)
    return reply.type('application/ocsp-response').send(Buffer.from(answer))
  })
  // RFC 6960 §A.1: the request in base64, as one path segment.
  app.get('/ocsp/:family/*', async (request, reply) => {
    const body = fromBase64(field(request.params, '*'), 'request')
    const answer = await core.status.ocsp(family(request.params), body)
    return reply.type('application/ocsp-response').send(Buffer.from(answer))
  })
  app.get('/anchors', async () => ({
    anchors: core.anchors.map(({ kind, file, certificate }) => ({
      kind,
      sha256: toHex(sha256(certificate)),
      url: `/anchors/${file}`,
    })),
  }))
  app.get('/anchors/:file', async (request, reply) => {
    const file = field(request.params, 'file')
    const anchor = core.anchors.find((one) => one.file === file)
    if (!anchor) throw new NotFound('no such root')
    return reply.type('application/pkix-cert').send(Buffer.from(anchor.certificate))
  })
}

function addLinkageRoutes(app: FastifyInstance, core: SimulatorCore): void {
  app.post('/api/linkage/resolve', async ({ body }) =>
    core.linkage.resolve(field(body, 'tenant'), reference(body)),
  )
}

/** 最新の基本4情報提供. No route of it names anything of a person or a certificate in its address. */
function addLatestAttributesRoutes(
  app: FastifyInstance,
  { latestAttributes }: SimulatorCore,
): void {
  const path = '/api/latest-attributes'
  app.post(`${path}/consents`, async ({ body }) =>
    latestAttributes.record(field(body, 'tenant'), {
      serial: serial(body),
      document: field(body, 'document'),
      message: fromBase64(field(body, 'message'), 'message'),
      signature: fromBase64(field(body, 'signature'), 'signature'),
    }),
  )
  app.post(`${path}/consents/query`, async ({ body }) => ({
    consents: latestAttributes.query(field(body, 'tenant'), serial(body)),
  }))
  app.post(`${path}/consents/withdraw`, async ({ body }) => {
    latestAttributes.withdraw(field(body, 'tenant'), field(body, 'consentId'))
    return {}
  })
  app.post(`${path}/supply`, async ({ body }) =>
    latestAttributes.supply(field(body, 'tenant'), field(body, 'consentId'), serial(body)),
  )
}

function addApiRoutes(app: FastifyInstance, core: SimulatorCore): void {
  app.get('/api/people', async () => ({ people: viewPeople(core) }))
  app.get('/api/switches', async () => core.switches.get())
  app.post('/api/switches', async ({ body }) => core.switches.set(fieldsOf(body)))
  app.post('/api/:kind/:id/:action', async (request) => {
    await perform(core, {
      kind: field(request.params, 'kind'),
      id: field(request.params, 'id'),
      action: field(request.params, 'action'),
      field: (name) => formField(request.body, name),
    })
    return { people: viewPeople(core) }
  })
}

function fieldsOf(body: unknown): Record<string, unknown> {
  // `Object` makes an object of anything; its fields stay unknown.
  return Object(body) as Record<string, unknown>
}

function addDeskRoutes(app: FastifyInstance, core: SimulatorCore): void {
  app.get('/', async (request, reply) => {
    const language = chooseLanguage(
      Reflect.get(Object(request.query), 'lang'),
      request.headers['accept-language'],
    )
    const done = Reflect.get(Object(request.query), 'done') === '1'
    return reply.type('text/html; charset=utf-8').send(deskPage(core, language, done))
  })
  app.post('/desk/switches', async ({ body }, reply) => {
    const { lang, ...switches } = fieldsOf(body)
    core.switches.set(switches)
    return reply.redirect(deskUrl(lang), 303)
  })
  app.post('/desk/:kind/:id/:action', async (request, reply) => {
    await perform(core, {
      kind: field(request.params, 'kind'),
      id: field(request.params, 'id'),
      action: field(request.params, 'action'),
      field: (name) => formField(request.body, name),
    })
    return reply.redirect(deskUrl(formField(request.body, 'lang')), 303)
  })
}

function deskUrl(lang: unknown): string {
  return `/?done=1&lang=${lang === 'en' ? 'en' : 'ja'}`
}

function field(record: unknown, name: string): string {
  const value: unknown = Reflect.get(Object(record), name)
  if (typeof value !== 'string' || value === '') throw new InvalidInput(name, 'text')
  return value
}

function family(record: unknown): CertificateFamily {
  const value = field(record, 'family')
  const known = CERTIFICATE_FAMILIES.find((one) => one === value)
  if (!known) throw new InvalidInput('family', CERTIFICATE_FAMILIES.join(' or '))
  return known
}

function reference(body: unknown) {
  return { family: family(body), serial: serial(body) }
}

function serial(body: unknown): string {
  const value = field(body, 'serial')
  if (!/^[1-9a-f][0-9a-f]{0,39}$/.test(value)) {
    throw new InvalidInput('serial', 'lower-case hexadecimal without leading zeros')
  }
  return value
}
