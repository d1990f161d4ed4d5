import { serialText, type RevocationTarget } from '../jpki/revocation-target.ts'
import type { RevocationStatus } from '../jpki/revocation.ts'
import { checkOwnFacts } from '../kernel/facts-check.ts'
import {
  createAskRevocation,
  toleratedSilence,
  type AskRevocation,
  type RevocationAnswer,
} from './ask-revocation.ts'
import { certificateRef, openTarget } from './certificate-record.ts'
import type { ListChange } from './crl-lists.ts'
import type { CheckUse } from './check-use.ts'
import { decideStatus, type StatusChange } from './decide-status.ts'
import { identityStatusChanged } from './events.ts'
import { countChecks } from './count-checks.ts'
import type { CertificateRow } from './store.ts'
import type { SubmissionParts } from './submission.ts'

/** What one run of the monitor did. */
export interface StatusReport {
  readonly checked: number
  readonly changed: number
  /** Certificates about which no source said anything that can be believed. */
  readonly unknown: number
}

const PAGE = 200

/** Asks again about every certificate that proofed somebody, or this one, and has not expired; tells each change once. */
export async function checkStatuses(
  parts: SubmissionParts,
  subjectRef: string | undefined,
  use: CheckUse,
): Promise<StatusReport> {
  const { database, store, clock } = parts
  const ask = createAskRevocation(parts)
  let report = NOTHING
  for (let after = ''; ;) {
    const page = { after, limit: PAGE, ...(subjectRef === undefined ? {} : { subjectRef }) }
    const rows = await database.read((tx) => store.liveCertificates(tx, clock.now(), page))
    report = sum(report, await checkAll(parts, ask, use, rows))
    const last = rows.at(-1)
    if (last === undefined || rows.length < PAGE) return report
    after = last.certificateRef
  }
}

/** Fetches the lists that are due, and asks about those certificates alone whose entries changed with a new one. */
export async function followLists(parts: SubmissionParts): Promise<StatusReport> {
  const { lists } = parts.revocation
  await lists.refreshAll(lists.beginTurn())
  const ask = createAskRevocation(parts)
  let report = NOTHING
  for (const change of lists.takeChanges()) {
    for (let from = 0; from < change.serials.length; from += PAGE) {
      const rows = await enrolledAmong(parts, change, from)
      report = sum(report, await checkAll(parts, ask, 'recheck', rows))
    }
  }
  return report
}

/** Certificates of enrolled persons among a page of the serials that changed. */
async function enrolledAmong(
  { keys, environment, database, store, clock }: SubmissionParts,
  { kind, issuer, serials }: ListChange,
  from: number,
): Promise<readonly CertificateRow[]> {
  const refs = serials
    .slice(from, from + PAGE)
    .map((serial) => certificateRef(keys, environment, { kind, serial: serialText(serial) }))
  const rows = await database.read((tx) => store.liveCertificatesAmong(tx, clock.now(), refs))
  return rows.filter((row) => row.issuer === issuer)
}

const NOTHING: StatusReport = { checked: 0, changed: 0, unknown: 0 }

function sum(a: StatusReport, b: StatusReport): StatusReport {
  return {
    checked: a.checked + b.checked,
    changed: a.changed + b.changed,
    unknown: a.unknown + b.unknown,
  }
}

async function checkAll(
  parts: SubmissionParts,
  ask: AskRevocation,
  use: CheckUse,
  rows: readonly CertificateRow[],
): Promise<StatusReport> {
  let report = NOTHING
  for (const row of rows) {
    const { status, changed } = await checkCertificate(parts, ask, row)
    report = sum(report, {
      checked: 1,
      changed: changed ? 1 : 0,
      unknown: status === 'unknown' ? 1 : 0,
    })
  }
  await countChecks(parts, use, rows)
  return report
}

async function checkCertificate(
  parts: SubmissionParts,
  ask: AskRevocation,
  row: CertificateRow,
): Promise<{ status: RevocationStatus['status']; changed: boolean }> {
  const now = parts.clock.now()
  const target = openTarget(parts.keys, row.certificateRef, row.target)
  const answer = await observe(parts, ask, row, target, now)
  const { status } = answer
  const replaced = await isReplaced(parts, row, target, status)
  const change = decideStatus(row, {
    observed: status,
    now,
    replaced,
    toleratedSilence: toleratedSilence(parts.revocation.policy),
  })
  const changed = await record(parts, row, answer, change, now)
  return { status: status.status, changed }
}

/** What the sources say of a certificate now. */
export async function observe(
  { anchors, environment, database, store }: SubmissionParts,
  ask: AskRevocation,
  row: CertificateRow,
  target: RevocationTarget,
  at: Date,
): Promise<RevocationAnswer> {
  const issuer = anchors.find(
    (anchor) => anchor.sha256 === row.issuer && anchor.environment === environment,
  )
  if (issuer === undefined) {
    return { status: { status: 'unknown', source: 'crl', cause: 'WRONG_ISSUER' }, crl: null }
  }
  const lowestNumber = (point: string) => database.read((tx) => store.crlNumber(tx, point))
  return ask({ target, issuer, at, lowestNumber })
}

/** Asked only where it decides: whether linkage knows what a superseded certificate was replaced by. */
async function isReplaced(
  { linkage }: SubmissionParts,
  { kind }: CertificateRow,
  target: RevocationTarget,
  status: RevocationStatus,
): Promise<boolean> {
  if (status.status !== 'revoked' || status.reason !== 'superseded') return false
  const answer = await linkage.resolve({ kind, serial: serialText(target.serial) })
  return answer.outcome === 'linked' && answer.successor !== null
}

/** `lastGoodAt` is compared with a day and a half, so it need not be written at every run. */
const CONFIRM_EVERY = 3_600_000

function confirmsGood({ lastGoodAt }: CertificateRow, status: RevocationStatus): Date | null {
  if (status.status !== 'good') return null
  const gained = status.thisUpdate.getTime() - lastGoodAt.getTime()
  return gained >= CONFIRM_EVERY ? status.thisUpdate : null
}

/** State and event in one unit of work; the conditional write lets one of several monitors tell it. */
async function record(
  parts: SubmissionParts,
  row: CertificateRow,
  { status, crl }: RevocationAnswer,
  change: StatusChange | null,
  learnedAt: Date,
): Promise<boolean> {
  const { database, store, publisher, environment, log } = parts
  const { certificateRef, subjectRef } = row
  const goodAt = confirmsGood(row, status)
  if (crl === null && goodAt === null && change === null) return false
  if (change !== null) checkOwnFacts(parts.facts, change.statusCheck, 'check_status')
  return database.run(async (tx) => {
    if (crl !== null) await store.rememberCrlNumber(tx, crl.point, crl.number)
    if (goodAt !== null) await store.confirmGood(tx, certificateRef, goodAt)
    if (change === null || !(await store.changeStatus(tx, row, change))) return false
    const proofingIds = await store.proofingsOf(tx, certificateRef)
    const about = { subjectRef, environment, certificateRef, proofingIds, learnedAt }
    const personEnded = false
    await publisher.publish(tx, identityStatusChanged({ ...about, ...change, personEnded }))
    log.info('REVOCATION_STATUS_CHANGED', { reason: change.reason, code: change.status })
    return true
  })
}
