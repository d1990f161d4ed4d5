import { NotFound } from '../kernel/errors.ts'
import type { HttpServer } from '../rpc/http-server.ts'
import { hungUp } from '../rpc/hung-up.ts'
import {
  analysisBody,
  differenceReply,
  findingsReply,
  MAX_DRAFT,
  type AnalysisBody,
  type DifferenceReply,
  type ExampleView,
  type FindingsReply,
} from './api.ts'
import {
  ASSUMPTIONS,
  isFault,
  type AxisDifference,
  type AxisReport,
  type Example,
} from './analysis/report.ts'
import type { AnalysisDesk } from './analysis-thread-pool.ts'
import type { Nothing, Unreadable } from './analysis-thread.ts'
import { AuthorGate, type AuthorGateDependencies } from './author-gate.ts'
import { PolicyRejected } from './language/diagnostic.ts'
import type { Text } from './language/text.ts'
import { FACTS, FACTS_SCHEMA, type PolicyDocuments } from './policy-library.ts'
import type { Policy } from './policy.ts'

export interface AnalysisRouteDependencies extends AuthorGateDependencies {
  readonly policy: AuthorGateDependencies['policy'] & Pick<Policy, 'releases'>
  readonly analysis: AnalysisDesk
}

/** What is proved of a draft, `/api/policy/analysis/…`, one axis at a time. Whoever hangs up is not worked for any longer. */
export function registerAnalysisRoutes(app: HttpServer, deps: AnalysisRouteDependencies): void {
  const { policy, analysis, clock } = deps
  const gate = new AuthorGate(deps)
  const now = () => Math.floor(clock.now().getTime() / 1000)
  const documentsOf = ({ changes, pack }: AnalysisBody) =>
    partsOf(policy.releases.changed(changes), pack)

  app.post(
    '/api/policy/analysis/findings',
    { bodyLimit: MAX_DRAFT, schema: { body: analysisBody, response: { 200: findingsReply } } },
    async ({ headers, body }, reply) => {
      await gate.author(headers.cookie)
      const { pack, axis } = body
      const report = await analysis.ask(
        { kind: 'findings', documents: documentsOf(body), now: now(), pack, axis },
        hungUp(reply.raw),
      )
      return toFindings(answered(report))
    },
  )

  app.post(
    '/api/policy/analysis/difference',
    { bodyLimit: MAX_DRAFT, schema: { body: analysisBody, response: { 200: differenceReply } } },
    async ({ headers, body }, reply) => {
      await gate.author(headers.cookie)
      const { pack, axis } = body
      const before = partsOf(policy.releases.current().documents, pack)
      const difference = await analysis.ask(
        { kind: 'difference', before, after: documentsOf(body), now: now(), pack, axis },
        hungUp(reply.raw),
      )
      return toDifference(answered(difference))
    },
  )
}

/** What answers of one framework depend on. */
function partsOf(documents: PolicyDocuments, pack: string): PolicyDocuments {
  return new Map(
    [...documents].filter(
      ([path]) => path === FACTS || path === FACTS_SCHEMA || path.startsWith(`${pack}/`),
    ),
  )
}

/** Throws `PolicyRejected` for rules with faults, `NotFound` for an axis that is not there. */
function answered<Answer extends object>(answer: Answer | Nothing | Unreadable): Answer {
  if (answer === 'no such axis') throw new NotFound('expected an axis of that framework')
  if (typeof answer === 'object' && 'diagnostics' in answer)
    throw new PolicyRejected(answer.diagnostics)
  return answer
}

function toFindings({ axis, engine, reason, open, findings }: AxisReport): FindingsReply {
  return {
    axis,
    unproved: engine === 'exact' ? null : toText(reason ?? { ja: '', en: '' }),
    open: open.map(toText),
    assumptions: ASSUMPTIONS.map(toText),
    findings: findings.map((finding) => ({
      kind: finding.kind,
      fault: isFault(finding),
      rule: finding.rule ?? null,
      text: toText(finding.text),
      example: toExample(finding.example),
    })),
  }
}

function toDifference(difference: AxisDifference): DifferenceReply {
  const { axis, change, engine, reason, raised, lowered } = difference
  return {
    ...{ axis, change },
    unproved: engine === 'exact' ? null : toText(reason ?? { ja: '', en: '' }),
    raised: toExample(raised),
    lowered: toExample(lowered),
  }
}

function toExample(example: Example | undefined): ExampleView | null {
  if (example === undefined) return null
  const { facts, before, at, values, label } = example
  return {
    facts: { ...facts },
    before: before === undefined ? null : { ...before },
    ...{ at, values: [...values], label: toText(label) },
  }
}

function toText({ ja, en }: Text): { ja: string; en: string } {
  return { ja, en }
}
