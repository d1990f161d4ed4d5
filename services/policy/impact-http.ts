import type { HttpServer } from '../rpc/http-server.ts'
import { hungUp } from '../rpc/hung-up.ts'
import { draftBody, impactReply, liveImpactReply, MAX_DRAFT, type ImpactReply } from './api.ts'
import { AuthorGate, type AuthorGateDependencies } from './author-gate.ts'
import type { ImpactDesk } from './impact-thread-pool.ts'
import type { Impact } from './impact.ts'
import type { Policy } from './policy.ts'

export interface ImpactRouteDependencies extends AuthorGateDependencies {
  readonly policy: AuthorGateDependencies['policy'] & Pick<Policy, 'impact'>
  readonly impact: ImpactDesk
}

/** Whom a draft raises and lowers, `/api/policy/impact`: out of the store, or as fast as an author types out of what is held. */
export function registerImpactRoutes(app: HttpServer, deps: ImpactRouteDependencies): void {
  const gate = new AuthorGate(deps)

  app.post(
    '/api/policy/impact',
    { bodyLimit: MAX_DRAFT, schema: { body: draftBody, response: { 200: impactReply } } },
    async ({ headers, body }) => {
      await gate.author(headers.cookie)
      return toImpactReply(await deps.policy.impact(body.changes))
    },
  )

  app.post(
    '/api/policy/impact/live',
    { bodyLimit: MAX_DRAFT, schema: { body: draftBody, response: { 200: liveImpactReply } } },
    async ({ headers, body }, reply) => {
      await gate.author(headers.cookie)
      const found = await deps.impact.ask(body.changes, hungUp(reply.raw))
      return found.state === 'reading' ? found : { ...found, impact: toImpactReply(found.impact) }
    },
  )
}

export function toImpactReply({ subjects, axes }: Impact): ImpactReply {
  return {
    subjects,
    axes: axes.map(({ title, levels, matrix, ...axis }) => ({
      ...axis,
      title: { ja: title.ja, en: title.en },
      levels: [...levels],
      matrix: matrix.map((row) => [...row]),
    })),
  }
}
