import type { HttpServer } from '../rpc/http-server.ts'
import { hungUp } from '../rpc/hung-up.ts'
import {
  MAX_DRAFT,
  approveBody,
  authorReply,
  checkBody,
  currentReply,
  emptyBody,
  DOCUMENT_PATH,
  gateReport,
  proposalParams,
  proposalReply,
  proposalsReply,
  proposeBody,
  publishedReply,
  refuseBody,
  releaseParams,
  releaseReply,
  releasesReply,
  rollBackBody,
  samplesReply,
  type PolicyDocument,
  type ProposalView,
  type ReleaseView,
} from './api.ts'
import { AuthorGate, type AuthorGateDependencies } from './author-gate.ts'
import type { PolicyDocuments } from './policy-library.ts'
import type { Policy } from './policy.ts'
import type { ReleaseHead } from './release/release.ts'
import type { Proposal } from './release/proposals.ts'
import { readReport } from './release/stored-report.ts'
import type { SamplePerson } from './sample-people-store.ts'

export interface PolicyRouteDependencies extends AuthorGateDependencies {
  readonly policy: Policy
  readonly samples: readonly SamplePerson[]
}

/** Pages of policy authors, `/api/policy/…`. Every route needs a session; all but the first two the role and a strong login. */
export function registerPolicyRoutes(app: HttpServer, dependencies: PolicyRouteDependencies): void {
  const { policy, samples } = dependencies
  const { releases } = policy
  const gate = new AuthorGate(dependencies)

  app.get(
    '/api/policy/author',
    { schema: { response: { 200: authorReply } } },
    async ({ headers }) => gate.view(await gate.session(headers.cookie)),
  )

  app.post(
    '/api/policy/author',
    { schema: { body: emptyBody, response: { 200: authorReply } } },
    async ({ headers }) => {
      const session = await gate.session(headers.cookie)
      await policy.authors.askForRole(session.subjectRef)
      return gate.view(session)
    },
  )

  app.get(
    '/api/policy/current',
    { schema: { response: { 200: currentReply } } },
    async ({ headers }) => {
      await gate.author(headers.cookie)
      const { sequence, policyDigest, documents } = releases.current()
      return { sequence, policyDigest, documents: toDocuments(documents) }
    },
  )

  app.get(
    '/api/policy/samples',
    { schema: { response: { 200: samplesReply } } },
    async ({ headers }) => {
      await gate.author(headers.cookie)
      return { people: samples.map((person) => ({ ...person, facts: { ...person.facts } })) }
    },
  )

  app.post(
    '/api/policy/check',
    { bodyLimit: MAX_DRAFT, schema: { body: checkBody, response: { 200: gateReport } } },
    async ({ headers, body }, reply) => {
      await gate.author(headers.cookie)
      return releases.check(body.changes, body.intent, hungUp(reply.raw))
    },
  )

  app.get(
    '/api/policy/proposals',
    { schema: { response: { 200: proposalsReply } } },
    async ({ headers }) => {
      const { code } = await gate.author(headers.cookie)
      const proposals = await policy.proposals.list()
      return { proposals: proposals.map((proposal) => toProposalView(proposal, code)) }
    },
  )

  app.post(
    '/api/policy/proposals',
    { bodyLimit: MAX_DRAFT, schema: { body: proposeBody, response: { 200: proposalReply } } },
    async ({ headers, body }) => {
      const { code, session } = await gate.author(headers.cookie)
      const proposal = await policy.proposals.propose(session.subjectRef, body)
      return { proposal: toProposalView(proposal, code) }
    },
  )

  app.get(
    '/api/policy/proposals/:id',
    { schema: { params: proposalParams, response: { 200: proposalReply } } },
    async ({ headers, params }) => {
      const { code } = await gate.author(headers.cookie)
      return { proposal: toProposalView(await policy.proposals.one(params.id), code) }
    },
  )

  app.post(
    '/api/policy/proposals/:id/approve',
    { schema: { params: proposalParams, body: approveBody, response: { 200: publishedReply } } },
    async ({ headers, params, body }) => {
      const { session } = await gate.author(headers.cookie)
      const release = await releases.approve(session.subjectRef, params.id, body.contentDigest)
      return { release: toReleaseView(release, releases.current().sequence) }
    },
  )

  app.post(
    '/api/policy/proposals/:id/withdraw',
    { schema: { params: proposalParams, body: emptyBody, response: { 200: proposalReply } } },
    async ({ headers, params }) => {
      const { code, session } = await gate.author(headers.cookie)
      const proposal = await policy.proposals.withdraw(session.subjectRef, params.id)
      return { proposal: toProposalView(proposal, code) }
    },
  )

  app.post(
    '/api/policy/proposals/:id/refuse',
    { schema: { params: proposalParams, body: refuseBody, response: { 200: proposalReply } } },
    async ({ headers, params, body }) => {
      const { code, session } = await gate.author(headers.cookie)
      const proposal = await policy.proposals.refuse(session.subjectRef, params.id, body.reason)
      return { proposal: toProposalView(proposal, code) }
    },
  )

  app.get(
    '/api/policy/releases',
    { schema: { response: { 200: releasesReply } } },
    async ({ headers }) => {
      await gate.author(headers.cookie)
      const { sequence } = releases.current()
      const all = await releases.releases()
      return { releases: all.map((release) => toReleaseView(release, sequence)) }
    },
  )

  app.get(
    '/api/policy/releases/:sequence',
    { schema: { params: releaseParams, response: { 200: releaseReply } } },
    async ({ headers, params }) => {
      await gate.author(headers.cookie)
      const release = await releases.release(Number(params.sequence))
      return {
        release: toReleaseView(release, releases.current().sequence),
        documents: toDocuments(release.content.documents),
      }
    },
  )

  app.post(
    '/api/policy/rollback',
    { schema: { body: rollBackBody, response: { 200: proposalReply } } },
    async ({ headers, body }) => {
      const { code, session } = await gate.author(headers.cookie)
      const proposal = await policy.proposals.rollBack(session.subjectRef, body.sequence, body)
      return { proposal: toProposalView(proposal, code) }
    },
  )
}

function toDocuments(documents: PolicyDocuments): PolicyDocument[] {
  return [...documents]
    .filter(([path]) => DOCUMENT_PATH.test(path))
    .map(([path, text]) => ({ path, text }))
}

function toReleaseView({ content, digest }: ReleaseHead, inForce: number): ReleaseView {
  const { sequence, previous, policyDigest, publishedAt, versions, ...said } = content
  const { author, approver, note, intent, rolledBackTo } = said
  return {
    ...{ sequence, digest, previous, policyDigest },
    publishedAt: publishedAt.toISOString(),
    ...{ author, approver, note, intent, rolledBackTo },
    successor: content.successor?.kid ?? null,
    versions: versions.map((one) => ({ ...one })),
    inForce: sequence === inForce,
  }
}

function toProposalView({ row, changes, current }: Proposal, reader: string): ProposalView {
  return {
    id: row.id,
    state: row.state,
    author: row.author,
    own: row.author === reader,
    note: row.note,
    refusal: row.refusal,
    intent: row.intent,
    at: row.at.toISOString(),
    rolledBackTo: row.rolledBackTo,
    successor: row.successor,
    basePolicyDigest: row.basePolicyDigest,
    contentDigest: row.contentDigest,
    current,
    report: readReport(row.report),
    changes: changes.map((change) => ({ ...change })),
  }
}
