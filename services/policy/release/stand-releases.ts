import type { LiveSession } from '../../authenticator/ports.ts'
import {
  openTemporaryEventCore,
  type TemporaryEventCore,
} from '../../eventlog/temporary-event-core.ts'
import { createLog } from '../../kernel/log.ts'
import { systemRandom } from '../../kernel/random.ts'
import { createHttpServer } from '../../rpc/http-server.ts'
import { temporaryReleaseKeys } from '../../rpc/temporary-key-series.ts'
import { registerAnalysisRoutes } from '../analysis-http.ts'
import { createAnalysisDesk } from '../analysis-thread-pool.ts'
import { registerDecisionRoutes } from '../decisions-http.ts'
import { registerPolicyRoutes } from '../http.ts'
import { registerImpactRoutes } from '../impact-http.ts'
import { createImpactDesk } from '../impact-thread-pool.ts'
import type { Facts } from '../language/judged-facts.ts'
import { createPolicy, type Policy, type PolicyDependencies } from '../policy.ts'
import { createGateDesk } from './gate-thread-pool.ts'
import { authorCode } from './release.ts'

// The policy service for tests: a real database, two authors, and one person with a card.

const NOW = '2026-06-01T00:00:00Z'
/** When authors are at work: after the person was proofed. */
export const LATER = '2026-06-01T00:01:00Z'
export const [ANNA, BO, PERSON] = ['subject-anna', 'subject-bo', 'subject-person'] as const
/** Of every stand that brings no others. */
export const KEYS = temporaryReleaseKeys()
export const HEADER = 'watashi-default/framework.yaml'
const ORIGIN = 'http://localhost:8080'
const SILENT = createLog('silent')

export type PolicyStand = Awaited<ReturnType<typeof openPolicyStand>>

/** One thread for all stands of a test file. */
export const GATES = createGateDesk(SILENT)

/** What a stand, or a process of it, may have of its own. */
type Own = Partial<Pick<PolicyDependencies, 'releaseKeys' | 'gates'>>

/** @param openCore on which database, from which moment on; a fresh SQLite file when absent */
export async function openPolicyStand(
  { gates = GATES, releaseKeys = KEYS }: Own = {},
  openCore: (now: string) => Promise<TemporaryEventCore> = onSqlite,
) {
  const core = await openCore(NOW)
  const { database, clock } = core
  const open = (own: Own & Partial<Pick<PolicyDependencies, 'database'>> = {}) =>
    createPolicy({
      ...{ database, clock, random: systemRandom, log: SILENT },
      ...{ releaseKeys, gates, ...own },
      publisher: core.publisher('policy'),
    })
  const policy = open()
  await policy.activate()
  for (const subjectRef of [ANNA, BO]) {
    await policy.authors.askForRole(subjectRef)
    await policy.authors.grantRole(authorCode(subjectRef), true)
  }
  const fact = { kind: 'proofing', proofingId: 'p1', facts: CARD_PROOFING } as const
  await database.run((tx) => policy.apply(tx, { kind: 'fact', subjectRef: PERSON, fact }, 'e-1'))
  clock.set(LATER)
  return { core, policy, open, [Symbol.asyncDispose]: () => core[Symbol.asyncDispose]() }
}

function onSqlite(now: string): Promise<TemporaryEventCore> {
  return openTemporaryEventCore({ services: ['policy'], now })
}

const CARD_PROOFING: Facts = {
  proofing: { id: 'p1', channel: 'remote_unattended', at: NOW, consent: true },
  evidence: [
    { id: 'e1', kind: 'jpki_sign_cert', cls: 'pki_cert', issuer: { country: 'JP', sector: 'gov' } },
  ],
  checks: [
    { type: 'authentic', on: 'e1', method: 'crypto', anchor: 'JLIS' },
    { type: 'status', on: 'e1', result: 'good' },
    { type: 'signed', on: 'e1', payload: 'application', valid: true },
    { type: 'match', on: 'e1', scope: 'core', source: 'signed_attributes' },
    { type: 'holder', on: 'e1', method: 'pin' },
  ],
}

/** The pages' routes over HTTP, for whoever a header names: authors with a login that is worth AAL2, or less. */
export async function openPolicyPages({ policy, core }: PolicyStand) {
  const app = await createHttpServer({
    origin: () => ORIGIN,
    log: SILENT,
    requestsPerMinute: 1000,
  })
  const sessions = {
    current: (cookie: string | undefined) => Promise.resolve(sessionOf(cookie)),
  }
  const { clock } = core
  const desks = {
    analysis: createAnalysisDesk(SILENT),
    impact: createImpactDesk({ policy, clock }),
  }
  const routes = { policy, sessions, samples: [], clock, ...desks }
  registerPolicyRoutes(app, routes)
  registerDecisionRoutes(app, routes)
  registerAnalysisRoutes(app, routes)
  registerImpactRoutes(app, routes)
  return {
    async call(
      who: string,
      method: 'GET' | 'POST',
      path: string,
      payload?: object,
      origin = ORIGIN,
    ) {
      const headers = { cookie: who, ...(method === 'POST' && { origin }) }
      const url = `/api/policy/${path}`
      return app.inject({ method, url, headers, ...(payload && { payload }) })
    },
    async [Symbol.asyncDispose]() {
      await app.close()
      await desks.analysis.close()
      await desks.impact.close()
    },
  }
}

/** A login with a passkey that verified its user; `weak:` before the name takes that away. */
function sessionOf(cookie: string | undefined): LiveSession | undefined {
  if (cookie === undefined || cookie === '') return undefined
  const uv = !cookie.startsWith('weak:')
  const at = new Date(LATER)
  const passkey = { type: 'mf_crypto', uv, exportable: true, be: true, intent: true }
  const factor = { ...passkey, phishing_resistant: true, replay_resistant: true }
  return {
    sessionId: 'session',
    subjectRef: cookie.replace('weak:', ''),
    authenticatorId: 'authenticator',
    ...{ authenticatedAt: at, lastActiveAt: at, expiresAt: new Date(at.getTime() + 3_600_000) },
    auth: { factors: [factor] },
  }
}

/** The pack in force with its equivalence of JPKI switched off, under a version of its own. */
export function withoutEquivalence(policy: Policy, version = '1.1.0') {
  return changedHeader(policy, version, 'jpki_equivalence: true', 'jpki_equivalence: false')
}

/** The pack in force with one text in place of another. */
export function changedHeader(policy: Policy, version: string, from: string, to: string) {
  return changedDocument(policy, HEADER, version, (text) => text.replace(from, to))
}

/** A document that says its version, changed. */
export function changedDocument(
  policy: Policy,
  path: string,
  version: string,
  change: (text: string) => string,
) {
  const text = policy.releases.current().documents.get(path) ?? ''
  return [{ path, text: change(text).replace(/^version: .*$/m, `version: ${version}`) }]
}

export async function propose(policy: Policy, changes = withoutEquivalence(policy)) {
  const { policyDigest: basePolicyDigest } = policy.releases.current()
  return policy.proposals.propose(ANNA, { basePolicyDigest, changes, note: 'as the table says' })
}

export async function publish(policy: Policy, changes = withoutEquivalence(policy)) {
  const { row } = await propose(policy, changes)
  return policy.releases.approve(BO, row.id, row.contentDigest)
}
