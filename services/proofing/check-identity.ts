import { NotFound, TooManyRequests } from '../kernel/errors.ts'
import type { CertificateKind } from '../jpki/trust-anchor.ts'
import { checkStatuses } from './check-statuses.ts'
import type { CertificateStatusName } from './events.ts'
import { refreshAttributes, type RefreshOutcome } from './refresh-attributes.ts'
import type { SubmissionParts } from './submission.ts'

/** What is known of a person's certificates that have not expired, without anything that tells one from another. */
export interface IdentityView {
  readonly certificates: readonly {
    readonly kind: CertificateKind
    readonly status: CertificateStatusName
    /** CRLReason by name, `personEnded`, or empty. */
    readonly reason: string
    readonly lastGoodAt: Date
  }[]
  /** Null where nobody supplies the latest attributes. */
  readonly consent: { readonly givenAt: Date | null } | null
}

export interface IdentityCheck extends IdentityView {
  /** Certificates that were checked, of those whose status is another now, and of those about which nothing is known. */
  readonly checked: number
  readonly changed: number
  readonly unknown: number
  /** What came of asking for the latest attributes. */
  readonly attributes: RefreshOutcome
}

/** Each check is paid for: a person's certificates are checked on demand no more often than this, in milliseconds. */
const PAUSE = 30_000

/** 現況確認 on demand, without the card. */
export async function checkIdentity(
  parts: SubmissionParts,
  subjectRef: string,
): Promise<IdentityCheck> {
  const { database, store, clock } = parts
  const now = clock.now()
  const before = new Date(now.getTime() - PAUSE)
  const { known, taken } = await database.run(async (tx) => ({
    known: (await store.certificatesOf(tx, subjectRef)).length > 0,
    taken: await store.takeCheck(tx, subjectRef, now, before),
  }))
  if (!known) throw new NotFound('no certificate of such a person')
  if (!taken) throw new TooManyRequests('checked a moment ago', PAUSE / 1000)
  const report = await checkStatuses(parts, subjectRef, 'status-on-demand')
  const attributes = await refreshAttributes(parts, subjectRef)
  return { ...(await readIdentity(parts, subjectRef)), ...report, attributes }
}

/** What is known of a person's certificates and consent, without asking anybody. */
export async function readIdentity(
  { database, store, clock, latestAttributes }: SubmissionParts,
  subjectRef: string,
): Promise<IdentityView> {
  const now = clock.now()
  return database.read(async (tx) => {
    const certificates = await store.certificatesOf(tx, subjectRef)
    const consent = await store.standingConsent(tx, subjectRef)
    return {
      certificates: certificates
        .filter(({ notAfter }) => notAfter > now)
        .map(({ kind, status, reason, lastGoodAt }) => ({ kind, status, reason, lastGoodAt })),
      consent: latestAttributes === null ? null : { givenAt: consent?.givenAt ?? null },
    }
  })
}
