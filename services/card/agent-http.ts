import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Log } from '../kernel/log.ts'
import { Secret } from '../kernel/secret.ts'
import type { CardAgent } from './agent.ts'
import { agentFaultPage, agentStartPage, tapPage } from './agent-page.ts'
import { chooseLanguage, type Language } from './html.ts'
import { createPageServer, formField } from './page-http.ts'
import { PAGE_STYLE } from './page-style.ts'

export interface AgentServerOptions {
  /** `http://card.localhost:<port>`: the one name it answers to. */
  readonly origin: () => string
  readonly issuer: string
  readonly log: Log
}

/** The agent's pages: `/?ticket=…` shows what is asked, `POST /tap` takes the PIN. No script, no cookie. */
export function cardAgentServer(agent: CardAgent, options: AgentServerOptions): FastifyInstance {
  const { issuer, log } = options
  const app = createPageServer({
    origin: options.origin,
    hosts: () => [new URL(options.origin()).host],
    formTargets: [issuer],
    browsersOnly: true,
    styleSheet: PAGE_STYLE,
    log,
    renderError: ({ code }, request) => agentFaultPage(languageOf(request), issuer, code),
  })
  app.get('/', async (request, reply) => {
    const language = languageOf(request)
    const ticket = formField(request.query, 'ticket')
    if (ticket === '') return sendPage(reply, agentStartPage(language, issuer))
    const opened = await agent.open(ticket)
    if (opened.outcome === 'done') return reply.redirect(opened.returnTo, 303)
    return sendPage(reply, tapPage({ language, issuer, offer: opened.offer }))
  })
  app.post('/tap', async (request, reply) => {
    const { body } = request
    const cardId = formField(body, 'card')
    const tapped = await agent.tap({
      ticket: formField(body, 'ticket'),
      formToken: formField(body, 'token'),
      cardId,
      pin: new Secret(formField(body, 'pin')),
      useLastTry: formField(body, 'last') === 'yes',
    })
    if (tapped.outcome === 'done') return reply.redirect(tapped.returnTo, 303)
    const { offer, ...refusal } = tapped
    log.info('REQUEST_REFUSED', { route: '/tap', reason: refusal.reason })
    const page = tapPage({ language: languageOf(request), issuer, offer, cardId, refusal })
    return sendPage(reply.status(422), page)
  })
  return app
}

function sendPage(reply: FastifyReply, page: string): FastifyReply {
  return reply.type('text/html; charset=utf-8').send(page)
}

function languageOf(request: FastifyRequest): Language {
  const asked = formField(request.body, 'lang') || formField(request.query, 'lang')
  return chooseLanguage(asked, request.headers['accept-language'])
}
