import type {
  ConsentCeremonyOutcome,
  ConsentCeremonyPort,
  LiveSession,
  SessionPort,
} from '../authenticator/ports.ts'
import { toBase64Url, utf8 } from '../kernel/bytes.ts'
import type { Json } from '../kernel/canonical-json.ts'
import type { Clock } from '../kernel/clock.ts'
import { sha256 } from '../kernel/digest.ts'
import { Conflict, InvalidInput, NotFound } from '../kernel/errors.ts'
import type {
  AskedMinimum,
  Assessment,
  AssessmentQuestion,
  AxisExplanation,
  AxisMinimum,
  GivenAnswer,
  IdentityAxisLevel,
  Minimum,
  PolicyPort,
  ReadMinimum,
  Remedy,
} from '../policy/ports.ts'
import type {
  IssuedSignature,
  RequestSignature,
  SignatureDocument,
  SignaturePort,
  SignatureResult,
  SignatureWithdrawal,
} from '../proofing/ports.ts'
import type {
  ConsentDocument,
  ConsentEvidence,
  IssuedRelease,
  OfferOutcome,
  PersonaSummary,
  RefusalReason,
  ReleaseRequest,
  WalletPort,
} from '../wallet/ports.ts'

// Small working stand-ins for the services around this one; for tests alone.

const LADDERS: Readonly<Record<string, readonly string[]>> = {
  'nist-800-63A-4/IAL': ['no_ial', 'IAL1', 'IAL2', 'IAL3'],
  'nist-800-63B-4/AAL': ['none', 'AAL1', 'AAL2', 'AAL3'],
}

const P2: AxisMinimum = { framework: 'nist-800-63A-4', axis: 'IAL', level: 'IAL2' }
const C1: AxisMinimum = { framework: 'nist-800-63B-4', axis: 'AAL', level: 'AAL1' }
const C2: AxisMinimum = { framework: 'nist-800-63B-4', axis: 'AAL', level: 'AAL2' }
/** Values of the trustmark of the fake: each is one level. */
const VALUES: Readonly<Record<string, AxisMinimum>> = { P2, C1, C2 }

export class FakePolicy implements PolicyPort {
  /** What relying parties were answered, for the decision log. */
  readonly recorded: GivenAnswer[] = []
  /** Identity level by person; without an entry `no_ial`. */
  readonly identity = new Map<string, string>()
  /** Minimums that are offered by name, until a test says otherwise. */
  readonly profiles = new Map<string, Minimum>([
    ['returning-visitor', { axes: [C1], flags: [] }],
    ['proofed-person', { axes: [P2, C2], flags: [] }],
    ['proofed-person-unphishable', { axes: [P2, C2], flags: ['phishing_resistant'] }],
  ])
  factsVersion = 1
  remedy: Remedy = 'tap_card'
  /** Thrown by the next questions while it is set. */
  fault: Error | undefined

  async assess(question: AssessmentQuestion): Promise<Assessment> {
    if (this.fault !== undefined) throw this.fault
    const { anyOf, ...plain } = question.minimum
    const all = (anyOf ?? [plain]).map((held) => this.#assess(question, held))
    const answer = all.find(({ satisfied }) => satisfied) ?? all[0] ?? this.#assess(question, plain)
    if (anyOf === undefined) return answer
    const vot = Object.entries(VALUES)
      .filter(([, need]) => answer.levels.some((have) => this.#reaches(have, need)))
      .map(([value]) => value)
      .join('.')
    return { ...answer, vector: { vot, trustmark: '/trustmarks/fake/1.0.0' } }
  }

  readMinimum({ profile, vectors = [], ...own }: AskedMinimum): ReadMinimum {
    this.checkMinimum(own)
    const named = profile === undefined || profile === '' ? undefined : this.profiles.get(profile)
    if (profile !== undefined && profile !== '' && named === undefined)
      throw new InvalidInput('minimum.profile', 'one that is offered')
    const minimums = (vector: string) =>
      vector.split('.').map((value) => ({ axes: [VALUES[value] ?? []].flat(), flags: [] }))
    return {
      own,
      ...(named !== undefined && { profile: named }),
      vectors: vectors.map((vector) => ({ vector, minimums: minimums(vector) })),
    }
  }

  #reaches(have: AxisMinimum, need: AxisMinimum): boolean {
    const { framework, axis } = need
    const same = have.framework === framework && have.axis === axis
    return same && this.compareLevels(framework, axis, have.level, need.level) >= 0
  }

  #assess(question: AssessmentQuestion, held: Minimum): Assessment {
    const levels = held.axes.map(({ framework, axis }) => ({
      framework,
      axis,
      level: this.#level(question, axis),
      validUntil: new Date('2027-01-01T10:59:59.999Z'),
    }))
    const shortfalls = held.axes.flatMap((need, i) => {
      const have = levels[i]?.level ?? ''
      if (this.compareLevels(need.framework, need.axis, have, need.level) >= 0) return []
      const remedy = question.ceremony === undefined ? ('log_in' as const) : this.remedy
      const { framework, axis, level } = need
      const scope = axis === 'IAL' ? ('person' as const) : ('ceremony' as const)
      return [{ framework, axis, scope, have, need: level, missing: [], remedy, neverShown: false }]
    })
    const { factsVersion } = this
    return {
      satisfied: shortfalls.length === 0,
      held,
      levels,
      shortfalls,
      ...{ policyDigest: '', factsDigest: '', firedRules: [] },
      factsVersion,
    }
  }

  recordAnswer(answer: GivenAnswer): Promise<void> {
    this.recorded.push(answer)
    return Promise.resolve()
  }

  async explain(question: AssessmentQuestion): Promise<readonly AxisExplanation[]> {
    const { levels, shortfalls } = await this.assess(question)
    return levels.map((level) => ({
      level,
      reasons: [{ ja: '署名が確かめられた', en: 'the signature was verified' }],
      clauses: ['SP 800-63A-4 §4.2'],
      shortfalls: shortfalls.filter(({ axis }) => axis === level.axis),
    }))
  }

  async identityLevels(subjectRef: string): Promise<readonly IdentityAxisLevel[]> {
    const level = this.identity.get(subjectRef) ?? 'no_ial'
    return [
      { framework: 'nist-800-63A-4', axis: 'IAL', level, lowest: level === 'no_ial' },
      { framework: 'meti-idtf-2016', axis: 'identity', level: 'secret-axis', lowest: false },
    ]
  }

  checkMinimum({ axes }: Minimum): void {
    for (const { framework, axis, level } of axes) {
      this.compareLevels(framework, axis, level, level)
    }
  }

  compareLevels(framework: string, axis: string, a: string, b: string): number {
    const ladder = LADDERS[`${framework}/${axis}`]
    if (ladder === undefined) {
      throw new InvalidInput('minimum.axes', `one of ${Object.keys(LADDERS).join(', ')}`)
    }
    for (const level of [a, b]) {
      if (!ladder.includes(level)) {
        throw new InvalidInput('minimum.axes', `a level of ${axis}: ${ladder.join(', ')}`)
      }
    }
    return ladder.indexOf(a) - ladder.indexOf(b)
  }

  isLowered(framework: string, axis: string, from: string, to: string): boolean {
    return this.compareLevels(framework, axis, to, from) < 0
  }

  lowestLoginLevel(framework: string, axis: string): string | undefined {
    return axis === 'AAL' ? LADDERS[`${framework}/${axis}`]?.[0] : undefined
  }

  #level({ subjectRef, ceremony }: AssessmentQuestion, axis: string): string {
    if (axis === 'IAL') return this.identity.get(subjectRef) ?? 'no_ial'
    const auth = ceremony?.auth as { readonly aal?: string } | undefined
    return auth?.aal ?? 'none'
  }
}

export class FakeSessions implements SessionPort, ConsentCeremonyPort {
  readonly live = new Map<string, LiveSession>()
  readonly used = new Set<string>()
  readonly #ceremonies = new Map<string, Uint8Array>()
  readonly #used = new Set<string>()
  #logins = 0

  /** Logs a person in; the result is the browser's `cookie` header. */
  logIn(subjectRef: string, aal = 'AAL2'): string {
    const sessionId = `session-${this.#logins++}`
    const at = new Date('2026-11-26T09:00:00Z')
    this.live.set(sessionId, {
      sessionId,
      subjectRef,
      authenticatorId: 'authenticator-1',
      authenticatedAt: at,
      lastActiveAt: at,
      expiresAt: new Date('2026-11-26T21:00:00Z'),
      auth: { aal },
    })
    return `watashi_session=${sessionId}`
  }

  /** Ends every login of a person. */
  end(subjectRef: string): void {
    for (const [id, session] of this.live) {
      if (session.subjectRef === subjectRef) this.live.delete(id)
    }
  }

  async current(cookieHeader: string | undefined): Promise<LiveSession | undefined> {
    return this.live.get(cookieHeader?.split('watashi_session=')[1]?.split(';')[0] ?? '')
  }

  async byId(sessionId: string): Promise<LiveSession | undefined> {
    return this.live.get(sessionId)
  }

  async latestFor(subjectRef: string, rpId: string): Promise<LiveSession | undefined> {
    return [...this.live.values()].find(
      (session) =>
        session.subjectRef === subjectRef && this.used.has(`${session.sessionId}@${rpId}`),
    )
  }

  async noteUse(sessionId: string, rpId: string): Promise<void> {
    this.used.add(`${sessionId}@${rpId}`)
  }

  async begin(_session: LiveSession, digest: Uint8Array) {
    const ceremonyId = `ceremony-${this.#ceremonies.size}`
    this.#ceremonies.set(ceremonyId, digest)
    return { ceremonyId, options: { challenge: toBase64Url(digest) } }
  }

  async complete(
    session: LiveSession,
    ceremonyId: string,
    response: Json,
  ): Promise<ConsentCeremonyOutcome> {
    const challenge = this.#ceremonies.get(ceremonyId)
    if (challenge === undefined) return { outcome: 'refused', reason: 'CEREMONY_UNKNOWN' }
    if (this.#used.has(ceremonyId)) return { outcome: 'refused', reason: 'CEREMONY_ALREADY_USED' }
    this.#used.add(ceremonyId)
    if (response !== 'signed') return { outcome: 'refused', reason: 'SIGNATURE_INVALID' }
    const assertionDigest = sha256(ceremonyId)
    return { outcome: 'verified', ceremonyId, assertionDigest, challenge, session }
  }
}

interface FakeSignature {
  readonly document: SignatureDocument
  readonly onlyBy: string | null
  readonly expiresAt: Date
  result: SignatureResult
  subjectRef: string | null
  opened: number
}

export class FakeSignatures implements SignaturePort {
  readonly kept = new Map<string, FakeSignature>()
  readonly withdrawn: { subjectRef: string | null; reason: SignatureWithdrawal }[] = []
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async request({ document, onlyBy }: RequestSignature) {
    const signatureId = `signature-${this.kept.size}`
    const expiresAt = new Date(this.#clock.now().getTime() + 600_000)
    const text = document.text === null ? null : Buffer.from(document.text).toString()
    this.kept.set(signatureId, {
      document: { ...document, text },
      ...{ onlyBy, expiresAt, result: { status: 'waiting' }, subjectRef: null, opened: 0 },
    })
    return { signatureId, expiresAt }
  }

  async document(signatureId: string) {
    return this.#find(signatureId)
  }

  async open(signatureId: string, { subjectRef }: { readonly subjectRef: string }) {
    const signature = this.#find(signatureId)
    signature.subjectRef = subjectRef
    signature.opened++
    const agentUrl = `http://card.localhost:8090/?ticket=${signature.opened}`
    return { agentUrl, expiresAt: signature.expiresAt }
  }

  /** The person signs with the card. */
  sign(signatureId: string): void {
    const signature = this.#find(signatureId)
    signature.result = { status: 'signed', subjectRef: signature.subjectRef ?? '' }
  }

  async result(signatureId: string): Promise<SignatureResult> {
    return this.#find(signatureId).result
  }

  async withdraw(
    signatureId: string,
    subjectRef: string | null,
    reason: SignatureWithdrawal,
  ): Promise<void> {
    const signature = this.#find(signatureId)
    if (signature.result.status === 'signed') throw new Conflict('signed before')
    signature.result = { status: 'refused', reason }
    this.withdrawn.push({ subjectRef, reason })
  }

  async collect(signatureId: string): Promise<IssuedSignature | undefined> {
    if (this.kept.get(signatureId)?.result.status !== 'signed') return undefined
    const thisUpdate = new Date('2026-11-26T08:00:00Z')
    return {
      cms: utf8('cms'),
      certificate: utf8('certificate'),
      report: {
        ...{ indication: 'PASSED', subIndication: '', validatedAt: this.#clock.now() },
        checks: [{ id: 'message-digest', outcome: 'passed' }],
        revocation: { status: 'good', source: 'crl', thisUpdate, nextUpdate: null },
      },
    }
  }

  async forget(signatureId: string): Promise<void> {
    this.kept.delete(signatureId)
  }

  #find(signatureId: string): FakeSignature {
    const signature = this.kept.get(signatureId)
    if (signature === undefined) throw new NotFound('no such signature')
    return signature
  }
}

interface FakeRelease extends IssuedRelease {
  readonly rpId: string
  readonly requestId: string
  issued: boolean
  revoked: boolean
}

export class FakeWallet implements WalletPort {
  readonly refusals: { reason: RefusalReason; rpId: string }[] = []
  readonly releases = new Map<string, FakeRelease>()
  readonly tickets = new Map<string, { rpId: string; subjectRef: string }>()
  /** What an offer lacks: with it every request is unsatisfiable. */
  unsatisfiable: string | undefined
  /** With it nothing is issued, as if the process died right before. */
  issueFault: Error | undefined
  readonly #personas: readonly PersonaSummary[] = [
    { personaId: 'persona-gov', kind: 'gov', label: '行政' },
    { personaId: 'persona-biz', kind: 'biz', label: 'ビジネス' },
    { personaId: 'persona-priv', kind: 'priv', label: 'プライベート' },
  ]
  /** Sector of a relying party, where it is not `sector-<id>`. */
  readonly sectors = new Map<string, string>()
  readonly #bound = new Map<string, string>()
  readonly #pairwise = new Map<
    string,
    { subjectRef: string; personaId: string; sectorId: string }
  >()

  async personas(): Promise<readonly PersonaSummary[]> {
    return this.#personas
  }

  async boundPersona(subjectRef: string, sectorId: string): Promise<PersonaSummary | undefined> {
    const personaId = this.#bound.get(`${subjectRef}@${sectorId}`)
    return this.#personas.find((persona) => persona.personaId === personaId)
  }

  async bindPersona(subjectRef: string, sectorId: string, personaId: string): Promise<void> {
    this.#bound.set(`${subjectRef}@${sectorId}`, personaId)
  }

  async pairwiseSubject(subjectRef: string, sectorId: string, personaId: string): Promise<string> {
    const pairwise = toBase64Url(sha256(`${subjectRef}/${sectorId}/${personaId}`))
    this.#pairwise.set(pairwise, { subjectRef, sectorId, personaId })
    return pairwise
  }

  async resolve(sectorId: string, pairwiseSubject: string) {
    const known = this.#pairwise.get(pairwiseSubject)
    return known?.sectorId === sectorId ? known : undefined
  }

  async pairwiseSubjects(subjectRef: string, sectorId: string): Promise<readonly string[]> {
    return [...this.#pairwise]
      .filter(([, known]) => known.subjectRef === subjectRef && known.sectorId === sectorId)
      .map(([pairwise]) => pairwise)
  }

  async offer(request: ReleaseRequest, personaId: string): Promise<OfferOutcome> {
    if (this.unsatisfiable !== undefined) {
      return {
        outcome: 'unsatisfiable',
        claims: [{ name: this.unsatisfiable, reason: 'NOT_AVAILABLE' }],
      }
    }
    const claims = request.claims.map(({ name, essential }) => ({
      name,
      essential,
      label: { ja: name, en: name },
      value: name.startsWith('age_over') ? true : `value of ${name}`,
    }))
    return { outcome: 'offered', offer: { personaId, claims, missingOptional: [] } }
  }

  async prepareConsent(
    request: ReleaseRequest,
    personaId: string,
    declined: readonly string[],
  ): Promise<ConsentDocument> {
    const releaseId = `release-${this.releases.size}`
    const claims = request.claims
      .filter(({ name }) => !declined.includes(name))
      .map(({ name }) => ({ name, value: name.startsWith('age_over') ? true : `value of ${name}` }))
    this.releases.set(releaseId, {
      releaseId,
      rpId: request.rpId,
      requestId: request.requestId,
      pairwiseSubject: await this.pairwiseSubject(
        request.subjectRef,
        this.sectors.get(request.rpId) ?? `sector-${request.rpId}`,
        personaId,
      ),
      claims,
      expiresAt: new Date('2026-11-26T10:00:00Z'),
      issued: false,
      revoked: false,
    })
    const text = JSON.stringify({ releaseId, claims: claims.map(({ name }) => name) })
    const digest = sha256(utf8(text))
    return { releaseId, text, digest, expiresAt: new Date('2026-11-26T10:00:00Z') }
  }

  async issue(releaseId: string, _evidence: ConsentEvidence): Promise<IssuedRelease> {
    if (this.issueFault !== undefined) throw this.issueFault
    const release = this.releases.get(releaseId)
    if (release === undefined || release.issued) throw new Conflict('issued before')
    release.issued = true
    return release
  }

  async refuse(
    request: ReleaseRequest,
    _personaId: string | undefined,
    reason: RefusalReason,
  ): Promise<void> {
    const given = [...this.releases.values()].some(
      ({ requestId, issued }) => issued && requestId === request.requestId,
    )
    if (given) throw new Conflict('the request was answered already')
    this.refusals.push({ reason, rpId: request.rpId })
  }

  async released(releaseId: string, rpId: string): Promise<IssuedRelease | undefined> {
    const release = this.releases.get(releaseId)
    return release?.issued === true && !release.revoked && release.rpId === rpId
      ? release
      : undefined
  }

  async revokeByRelyingParty(releaseId: string, rpId: string): Promise<void> {
    const release = this.releases.get(releaseId)
    if (release?.rpId !== rpId) throw new NotFound('no such release')
    release.revoked = true
  }

  claimLabel(name: string): { ja: string; en: string } {
    return { ja: `札 ${name}`, en: `label of ${name}` }
  }

  async redeemTicket(ticket: string, rpId: string): Promise<IssuedRelease | undefined> {
    const known = this.tickets.get(ticket)
    if (known?.rpId !== rpId) return undefined
    this.tickets.delete(ticket)
    return {
      releaseId: 'release-of-a-ticket',
      pairwiseSubject: await this.pairwiseSubject(
        known.subjectRef,
        `sector-${rpId}`,
        'persona-gov',
      ),
      claims: [{ name: 'name', value: 'value of name' }],
      expiresAt: new Date('2026-11-26T10:00:00Z'),
    }
  }
}
