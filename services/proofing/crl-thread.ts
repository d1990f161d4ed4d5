import { crlStatus, verifyCrl, type VerifiedCrl } from '../jpki/crl.ts'
import type { FreshnessPolicy, RevocationStatus, UnknownCause } from '../jpki/revocation.ts'
import { decodeRevocationTarget } from '../jpki/revocation-target.ts'
import { openTrustAnchor, type TrustAnchor, type TrustAnchorPin } from '../jpki/trust-anchor.ts'
import { performTasks } from '../kernel/task-thread.ts'
import { changedSerials, factsOf, type CrlFacts } from './crl-desk.ts'

/** What the thread for large lists is asked to do; it keeps the lists by the number that they are given. */
export type CrlTask =
  | {
      readonly kind: 'verify'
      readonly list: number
      readonly der: Uint8Array
      readonly issuer: { readonly der: Uint8Array; readonly pin: TrustAnchorPin }
    }
  | {
      readonly kind: 'status'
      readonly list: number
      /** As `encodeRevocationTarget` writes it. */
      readonly target: Uint8Array
      readonly issuer: string
      readonly at: Date
      readonly freshness: FreshnessPolicy
      readonly lowestNumber: bigint | undefined
    }
  | { readonly kind: 'difference'; readonly earlier: Uint8Array; readonly later: Uint8Array }
  | { readonly kind: 'release'; readonly list: number }

export interface CrlTaskAnswers {
  readonly verify: CrlFacts | UnknownCause
  readonly status: RevocationStatus
  readonly difference: readonly Uint8Array[]
  readonly release: null
}

const lists = new Map<number, VerifiedCrl>()
const anchors = new Map<string, TrustAnchor>()

function anchorOf({ der, pin }: { der: Uint8Array; pin: TrustAnchorPin }): TrustAnchor {
  const anchor = anchors.get(pin.sha256) ?? openTrustAnchor(der, pin)
  anchors.set(pin.sha256, anchor)
  return anchor
}

function perform(task: CrlTask): CrlTaskAnswers[CrlTask['kind']] {
  switch (task.kind) {
    case 'verify': {
      const verified = verifyCrl(task.der, anchorOf(task.issuer))
      if (typeof verified === 'string') return verified
      lists.set(task.list, verified)
      return factsOf(verified)
    }
    case 'status': {
      const verified = lists.get(task.list)
      const issuer = anchors.get(task.issuer)
      if (verified === undefined) throw new TypeError('a list that was verified here')
      if (issuer === undefined) return { status: 'unknown', source: 'crl', cause: 'WRONG_ISSUER' }
      const { target, at, freshness, lowestNumber } = task
      const certificate = decodeRevocationTarget(target)
      const lowest = lowestNumber === undefined ? {} : { lowestNumber }
      return crlStatus(verified, { certificate, issuer, at, freshness, ...lowest })
    }
    case 'difference':
      return changedSerials(task.earlier, task.later)
    case 'release':
      lists.delete(task.list)
      return null
    default:
      return task satisfies never
  }
}

performTasks<CrlTask, CrlTaskAnswers>(perform)
