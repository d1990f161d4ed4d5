import { Readable } from 'node:stream'
import type { HttpServer } from '../rpc/http-server.ts'
import {
  MAX_DRAFT,
  decisionParams,
  decisionsQuery,
  decisionsReply,
  explanationReply,
  exportQuery,
  replayBody,
  replayReply,
  type DecisionView,
  type ExplanationReply,
  type ExportQuery,
  type ReplayReply,
} from './api.ts'
import { AuthorGate, type AuthorGateDependencies } from './author-gate.ts'
import type { ExplainedDecision, LogSearch } from './decision-log.ts'
import type { Text } from './language/text.ts'
import type { LogImpact } from './log-impact.ts'
import type { Policy } from './policy.ts'
import type { DecisionRow } from './store.ts'

export interface DecisionRouteDependencies extends AuthorGateDependencies {
  readonly policy: Policy
}

/** What was decided, `/api/policy/decisions…`: looked for, explained, exported and replayed. */
export function registerDecisionRoutes(app: HttpServer, deps: DecisionRouteDependencies): void {
  const { policy } = deps
  const { decisionLog } = policy
  const gate = new AuthorGate(deps)

  app.get(
    '/api/policy/decisions',
    { schema: { querystring: decisionsQuery, response: { 200: decisionsReply } } },
    async ({ headers, query }) => {
      await gate.author(headers.cookie)
      const { after, ...range } = query
      const { decisions, next } = await decisionLog.find({ ...toSearch(range), before: after })
      return { decisions: decisions.map(toDecisionView), next: next ?? null }
    },
  )

  app.get(
    '/api/policy/decisions/export',
    { schema: { querystring: exportQuery } },
    async ({ headers, query }, reply) => {
      await gate.author(headers.cookie)
      void reply
        .header('content-type', 'application/x-ndjson')
        .header('content-disposition', 'attachment; filename="decisions.ndjson"')
      return reply.send(Readable.from(linesOf(decisionLog.all(toSearch(query)))))
    },
  )

  app.post(
    '/api/policy/decisions/replay',
    { bodyLimit: MAX_DRAFT, schema: { body: replayBody, response: { 200: replayReply } } },
    async ({ headers, body }) => {
      await gate.author(headers.cookie)
      const { changes, ...range } = body
      return toReplayReply(await policy.replay(changes, toSearch(range)))
    },
  )

  app.get(
    '/api/policy/decisions/:id',
    { schema: { params: decisionParams, response: { 200: explanationReply } } },
    async ({ headers, params }) => {
      await gate.author(headers.cookie)
      return toExplanation(await decisionLog.explain(params.id))
    },
  )
}

/** One decision a line (NDJSON). */
async function* linesOf(decisions: AsyncIterable<DecisionRow>): AsyncGenerator<string> {
  for await (const decision of decisions) yield `${JSON.stringify(toDecisionView(decision))}\n`
}

export function toSearch({ subject, satisfied, from, until, ...rest }: ExportQuery): LogSearch {
  return {
    ...rest,
    subjectRef: subject,
    satisfied: satisfied === undefined ? undefined : satisfied === 'yes',
    from: from === undefined ? undefined : new Date(from),
    until: until === undefined ? undefined : new Date(until),
  }
}

export function toDecisionView(row: DecisionRow): DecisionView {
  const { subjectRef, causeEventId: _, ceremony: __, firedRules, ...same } = row
  return {
    ...{ ...same, subject: subjectRef, firedRules: [...firedRules] },
    validUntil: row.validUntil?.toISOString() ?? null,
    decidedAt: row.decidedAt.toISOString(),
  }
}

export function toReplayReply({ axes, ...counts }: LogImpact): ReplayReply {
  return {
    ...counts,
    axes: axes.map(({ title, levels, matrix, examples, ...axis }) => ({
      ...{ ...axis, title: toText(title), levels: [...levels] },
      matrix: matrix.map((row) => [...row]),
      examples: examples.map((example) => ({ ...example })),
    })),
  }
}

function toText({ ja, en }: Text): { ja: string; en: string } {
  return { ja, en }
}

function toExplanation({
  decision,
  replay,
  why,
  whyNot,
  facts,
}: ExplainedDecision): ExplanationReply {
  return {
    decision: toDecisionView(decision),
    replay,
    why: why.map(({ id, title, cites }) => ({
      rule: id,
      title: toText(title),
      clauses: [...cites],
    })),
    whyNot: whyNot.map(({ id, title, cites, effect: to, missing }) => ({
      ...{ rule: id, title: toText(title), clauses: [...cites], to },
      missing: missing === undefined ? null : toText(missing),
    })),
    facts,
  }
}
