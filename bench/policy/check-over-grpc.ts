import { Metadata } from '@grpc/grpc-js'
import type {
  AuthenticateResponse,
  CheckResponse,
} from '../../proto/gen/watashi/assurance/v1/assurance.ts'
import { call, openStandWith, soon } from '../../services/federation/stand-grpc.ts'
import type { Policy } from '../../services/policy/policy.ts'
import { openPolicyStand, PERSON } from '../../services/policy/release/stand-releases.ts'

const ALONE = 500
const TOGETHER = 2000
const AT_ONCE = 16
const ROUNDS = 3
const HOUR = 3_600_000

interface Figures {
  /** Milliseconds of one call after the other. */
  readonly median: number
  readonly percentile99: number
  /** With 16 calls under way at a time. */
  readonly perSecond: number
}

/**
 * `Check` over gRPC with mutual TLS, server and client in this process, the policy service with its SQLite file: what the durable
 * write of each answer to the decision log costs. Logins and attributes are stand-ins.
 */
export async function benchChecks(): Promise<readonly string[]> {
  await using given = await openPolicyStand()
  const { policy } = given
  // The real service but for the log.
  const silent = Object.create(policy, {
    recordAnswer: { value: () => Promise.resolve() },
  }) as Policy
  await using logged = await openChecks(policy)
  await using unlogged = await openChecks(silent)
  const best: [Figures | undefined, Figures | undefined] = [undefined, undefined]
  for (let round = 0; round < ROUNDS; round += 1) {
    best[0] = better(best[0], await measure(logged.check))
    best[1] = better(best[1], await measure(unlogged.check))
  }
  const [withLog, without] = best
  if (withLog === undefined || without === undefined) throw new TypeError('nothing was measured')
  return [
    `| Check over gRPC, ${AT_ONCE} at a time, answer in the decision log | ${rate(withLog)} | the same without the log: ${rate(without)} | ${(withLog.perSecond / without.perSecond).toFixed(2)}× | – |`,
    `| … one after the other | ${latency(withLog)} | ${latency(without)} | ${(withLog.median / without.median).toFixed(2)}× | – |`,
  ]
}

async function openChecks(policy: Policy) {
  const stand = await openStandWith(policy, { rateLimit: { perSecond: 1e6, burst: 1e6 } })
  const { assurance } = stand.clients('library')
  const pairwiseSubject = await logIn(stand, assurance)
  const axis = { framework: 'nist-800-63B-4', axis: 'AAL', level: 'AAL1' }
  const minimum = { axes: [axis], flags: [], maxAgeSeconds: 0, profile: '', vectors: [] }
  const request = { pairwiseSubject, minimum, atLeastPosition: '' }
  const check = () =>
    call<CheckResponse>((done) => assurance.check(request, new Metadata(), soon(), done))
  const { satisfied } = await check()
  if (!satisfied) throw new TypeError('the login of the stand has to be enough')
  return { check, [Symbol.asyncDispose]: () => stand[Symbol.asyncDispose]() }
}

type Stand = Awaited<ReturnType<typeof openStandWith<Policy>>>
type Client = ReturnType<Stand['clients']>['assurance']

/** Logs the person in at the library with a passkey; gives the pseudonym. */
async function logIn(
  { sessions, browser, clock, federation }: Stand,
  client: Client,
): Promise<string> {
  const cookie = sessions.logIn(PERSON)
  const passkey = { type: 'mf_crypto', uv: true, phishing_resistant: true, replay_resistant: true }
  const at = clock.now()
  const times = { authenticatedAt: at, lastActiveAt: at, expiresAt: new Date(at.getTime() + HOUR) }
  for (const [id, session] of sessions.live)
    sessions.live.set(id, { ...session, ...times, auth: { factors: [passkey] } })
  const request = { minimum: undefined, uiLocale: 'ja' }
  const returnUri = 'http://library.localhost:8101/return'
  const stream = client.authenticate({ ...request, returnUri })
  for await (const { status } of stream as AsyncIterable<AuthenticateResponse>) {
    if (status?.$case === 'authenticated') return status.authenticated.pairwiseSubject
    if (status?.$case !== 'started') continue
    const { requestId } = status.started
    const { interactions } = federation
    const person = browser(cookie)
    const { stage } = await interactions.view(requestId, person)
    if (stage === 'persona') await interactions.choosePersona(requestId, person, 'persona-priv')
    await interactions.confirm(requestId, person)
  }
  throw new TypeError('the login came to no end')
}

async function measure(check: () => Promise<CheckResponse>): Promise<Figures> {
  const took: number[] = []
  for (let i = 0; i < ALONE; i += 1) {
    const began = performance.now()
    await check()
    took.push(performance.now() - began)
  }
  took.sort((a, b) => a - b)
  const at = (part: number): number => took[Math.floor(part * (took.length - 1))] ?? 0
  const began = performance.now()
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let i = 0; i < TOGETHER / AT_ONCE; i += 1) await check()
    }),
  )
  const perSecond = (TOGETHER * 1000) / (performance.now() - began)
  return { median: at(0.5), percentile99: at(0.99), perSecond }
}

function better(before: Figures | undefined, now: Figures): Figures {
  return before === undefined || now.perSecond > before.perSecond ? now : before
}

function rate({ perSecond }: Figures): string {
  return `${Math.round(perSecond).toLocaleString('en')}/s`
}

function latency({ median, percentile99 }: Figures): string {
  return `${median.toFixed(2)} ms in the median, ${percentile99.toFixed(2)} ms at 99 %`
}
