import cookie from '@fastify/cookie'
import helmet from '@fastify/helmet'
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { LIVE, STYLE } from './assets.ts'
import type { Config, Name } from './config.ts'
import { serveFont } from './font.ts'
import type { LevelWatch } from './level-watch.ts'
import { contractBytes, contractIn, startSigning, type StartedSigning } from './contract.ts'
import { startLogin, startRelease, type Received, type Started } from './outcome.ts'
import {
  accountPage,
  contractPage,
  forgetPage,
  homePage,
  liveNews,
  messagePage,
  noticePage,
  notSignedPage,
  standing,
  whyPage,
  type AccountView,
  type PageContext,
} from './pages.ts'
import { chooseLocale } from './texts.ts'
import { acceptReturn, acceptSigned, type Visitor, type Visitors } from './visitors.ts'
import { isNotFound, type WatashiClient } from './watashi-client.ts'

export interface SiteDependencies {
  readonly config: Pick<Config, 'name' | 'origin' | 'watashiOrigin'>
  readonly client: WatashiClient
  readonly watch: LevelWatch
  readonly visitors: Visitors
}

const COOKIE = 'sample_session'
const LOCALE_COOKIE = 'sample_locale'
const PURPOSES: Readonly<Record<Name, { id: string; claims: readonly string[] } | undefined>> = {
  library: undefined,
  liquor: { id: 'age-check', claims: ['age_over_20'] },
  bank: { id: 'account-opening', claims: ['name', 'address', 'birthdate', 'gender'] },
}

/** The web site of one sample relying party. */
export async function createSite(deps: SiteDependencies): Promise<FastifyInstance> {
  const { origin, watashiOrigin } = deps.config
  const app = fastify({ logger: false, bodyLimit: 1024, forceCloseConnections: true })
  await app.register(cookie)
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        // A form's answer sends the browser on to Watashi, and browsers hold redirects to this list, too.
        formAction: ["'self'", watashiOrigin],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    strictTransportSecurity: false,
    // With `no-referrer` browsers send `Origin: null` with a form, and the check below would refuse our own pages.
    referrerPolicy: { policy: 'same-origin' },
  })
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, _body, done) => done(null, {}),
  )
  app.addHook('onRequest', async (request, reply) => {
    void reply.header('cache-control', 'no-store')
    const ours = request.method === 'GET' || request.headers.origin === origin
    if (request.headers.host !== new URL(origin).host || !ours) {
      await reply.status(403).type('text/plain').send('expected a request from our own pages')
    }
  })
  app.setErrorHandler(async (_error, request, reply) => {
    // The person can only try again; the cause is for whoever runs the site, and nothing of it is shown.
    return page(reply.status(503), messagePage(contextOf(deps, request, reply), 'unreachable'))
  })
  app.setNotFoundHandler(async (request, reply) =>
    page(reply.status(404), messagePage(contextOf(deps, request, reply), 'notFound')),
  )
  addPages(app, deps)
  addAccount(app, deps)
  if (deps.config.name === 'bank') addContract(app, deps)
  return app
}

function addPages(app: FastifyInstance, deps: SiteDependencies): void {
  serveFont(app)
  app.get('/style.css', async (_request, reply) =>
    reply.type('text/css; charset=utf-8').send(STYLE),
  )
  app.get('/live.js', async (_request, reply) => reply.type('text/javascript').send(LIVE))
  app.get('/healthz', async (_request, reply) => reply.type('text/plain').send('ok'))
  app.get('/notice', async (request, reply) =>
    page(reply, noticePage(contextOf(deps, request, reply))),
  )
  app.get('/', async (request, reply) => page(reply, homePage(contextOf(deps, request, reply))))

  app.post('/start', async (request, reply) => {
    const started = await start(deps, contextOf(deps, request, reply))
    const visitor = visitorOf(deps, request) ?? deps.visitors.open()
    const { requestId, outcome } = started
    visitor.pending = { requestId, outcome }
    return setCookie(reply, visitor).redirect(started.interactionUrl, 303)
  })

  app.get<{ Querystring: Record<string, string | undefined> }>(
    '/return',
    async (request, reply) => {
      const { request_id: requestId, code } = request.query
      const visitor = visitorOf(deps, request)
      if (visitor?.signing !== undefined && visitor.signing.requestId === requestId) {
        return takeSigned(deps, visitor, visitor.signing, { request, reply, code })
      }
      const outcome = await acceptReturn(visitor, requestId, code)
      const context = contextOf(deps, request, reply)
      if (outcome.kind === 'not_yours') {
        return page(reply.status(400), messagePage(context, 'notYours'))
      }
      if (outcome.kind === 'failed') return page(reply, messagePage(context, 'refused'))
      if (visitor !== undefined) deps.visitors.close(visitor.id)
      deps.watch.welcome(outcome.received.pairwiseSubject)
      return setCookie(reply, deps.visitors.open(outcome.received)).redirect('/account', 303)
    },
  )
}

/** A contract that comes back signed is kept, and Watashi told that we have it. */
async function takeSigned(
  deps: SiteDependencies,
  visitor: Visitor,
  signing: StartedSigning,
  {
    request,
    reply,
    code,
  }: {
    readonly request: FastifyRequest
    readonly reply: FastifyReply
    readonly code: string | undefined
  },
): Promise<FastifyReply> {
  const context = contextOf(deps, request, reply)
  const outcome = await acceptSigned(visitor, signing, code)
  if (outcome.kind === 'not_yours') {
    return page(reply.status(400), messagePage(context, 'notYours'))
  }
  if (outcome.kind === 'refused') return page(reply, notSignedPage(context, outcome.refused))
  visitor.signed = { contract: signing.contract, signature: outcome.signature }
  await deps.client.acknowledgeSignature(signing.requestId)
  return reply.redirect('/contract', 303)
}

/** The bank has its contract signed with the card. */
function addContract(app: FastifyInstance, deps: SiteDependencies): void {
  const { client, config } = deps

  app.get('/contract', async (request, reply) => {
    const visitor = visitorOf(deps, request)
    if (visitor?.account === undefined) return reply.redirect('/', 303)
    const context = contextOf(deps, request, reply)
    return page(reply, contractPage(context, contractIn(context.locale), visitor.signed))
  })

  app.post('/contract', async (request, reply) => {
    const visitor = visitorOf(deps, request)
    if (visitor?.account === undefined) return reply.redirect('/', 303)
    const { locale } = contextOf(deps, request, reply)
    const { pairwiseSubject } = visitor.account
    const returnUri = `${config.origin}/return`
    const asked = { pairwiseSubject, returnUri, locale }
    visitor.signing = await startSigning(client, contractIn(locale), asked)
    return reply.redirect(visitor.signing.interactionUrl, 303)
  })

  for (const [path, type] of [
    ['/contract.p7s', 'application/pkcs7-signature'],
    ['/contract.txt', 'text/plain; charset=utf-8'],
  ] as const) {
    app.get(path, async (request, reply) => {
      const signed = visitorOf(deps, request)?.signed
      if (signed === undefined) return reply.redirect('/contract', 303)
      const bytes = path === '/contract.p7s' ? signed.signature.cms : contractBytes(signed.contract)
      return reply
        .header('content-disposition', `attachment; filename="${path.slice(1)}"`)
        .type(type)
        .send(bytes)
    })
  }
}

function addAccount(app: FastifyInstance, deps: SiteDependencies): void {
  const { client, watch, visitors } = deps

  app.get('/account', async (request, reply) => {
    const account = visitorOf(deps, request)?.account
    if (account === undefined) return reply.redirect('/', 303)
    return page(reply, accountPage(contextOf(deps, request, reply), await viewOf(deps, account)))
  })

  app.get('/account/events', (request, reply) => {
    const account = visitorOf(deps, request)?.account
    const { locale } = contextOf(deps, request, reply)
    void reply.hijack()
    const { raw } = reply
    if (account === undefined) {
      raw.writeHead(200, { 'content-type': 'text/event-stream' }).end('event: ended\ndata: {}\n\n')
      return
    }
    const { pairwiseSubject } = account
    raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    const tell = async (): Promise<void> => {
      const view = await viewOf(deps, account)
      const told = { news: liveNews(locale, view).text, standing: standing(locale, view).text }
      if (!raw.writableEnded) raw.write(`event: news\ndata: ${JSON.stringify(told)}\n\n`)
    }
    const stop = watch.onChange(pairwiseSubject, () => void tell())
    const beat = setInterval(() => raw.write(': still here\n\n'), 15_000)
    raw.on('close', () => {
      stop()
      clearInterval(beat)
    })
    void tell()
  })

  app.get('/why', async (request, reply) => {
    const account = visitorOf(deps, request)?.account
    if (account === undefined) return reply.redirect('/', 303)
    const context = contextOf(deps, request, reply)
    return page(
      reply,
      whyPage(context, await client.explain(account.pairwiseSubject, context.locale)),
    )
  })

  app.get('/forget', async (request, reply) => {
    if (visitorOf(deps, request)?.account?.releaseId === undefined) return reply.redirect('/', 303)
    return page(reply, forgetPage(contextOf(deps, request, reply)))
  })

  app.post('/forget', async (request, reply) => {
    const visitor = visitorOf(deps, request)
    const releaseId = visitor?.account?.releaseId
    if (visitor === undefined || releaseId === undefined) return reply.redirect('/', 303)
    await client.revokeRelease(releaseId).catch((error: unknown) => {
      if (!isNotFound(error)) throw error
    })
    visitors.close(visitor.id)
    return reply.redirect('/forgotten', 303)
  })

  app.get('/forgotten', async (request, reply) =>
    page(reply, messagePage(contextOf(deps, request, reply), 'forgotten')),
  )

  app.post('/logout', async (request, reply) => {
    const visitor = visitorOf(deps, request)
    if (visitor !== undefined) visitors.close(visitor.id)
    return reply.clearCookie(COOKIE, { path: '/' }).redirect('/', 303)
  })
}

function start({ config, client }: SiteDependencies, { locale }: PageContext): Promise<Started> {
  const returnUri = `${config.origin}/return`
  const purpose = PURPOSES[config.name]
  return purpose === undefined
    ? startLogin(client, returnUri, locale)
    : startRelease(client, purpose, returnUri, locale)
}

/** A person's account with the level of this moment; without it where Watashi cannot be asked. */
async function viewOf(
  { client, watch }: SiteDependencies,
  account: Received,
): Promise<AccountView> {
  const { pairwiseSubject } = account
  const check = await client.check(pairwiseSubject, watch.position).catch(() => undefined)
  const news = watch.newsOf(pairwiseSubject)
  return { account, check, news, gone: watch.isGone(pairwiseSubject) }
}

function visitorOf({ visitors }: SiteDependencies, request: FastifyRequest): Visitor | undefined {
  return visitors.find(request.cookies[COOKIE])
}

function setCookie(reply: FastifyReply, visitor: Visitor): FastifyReply {
  return reply.setCookie(COOKIE, visitor.id, { httpOnly: true, sameSite: 'lax', path: '/' })
}

function contextOf(
  { config }: SiteDependencies,
  request: FastifyRequest,
  reply: FastifyReply,
): PageContext {
  const { lang } = request.query as { readonly lang?: string }
  const asked = lang ?? request.cookies[LOCALE_COOKIE]
  const locale = chooseLocale(asked, request.headers['accept-language'])
  if (lang === locale) void reply.setCookie(LOCALE_COOKIE, locale, { sameSite: 'lax', path: '/' })
  return { name: config.name, locale }
}

function page(reply: FastifyReply, text: string): FastifyReply {
  return reply.type('text/html; charset=utf-8').send(text)
}
