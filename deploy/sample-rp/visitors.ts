import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Signature } from '../../proto/gen/watashi/assurance/v1/signature.ts'
import type { Contract, Signing, StartedSigning } from './contract.ts'
import type { Outcome, Received, Started } from './outcome.ts'

/** One browser at this site, by its cookie. */
export interface Visitor {
  readonly id: string
  pending: Pick<Started, 'requestId' | 'outcome'> | undefined
  account: Received | undefined
  /** A contract that the person was asked to sign, and the one that was signed. */
  signing: StartedSigning | undefined
  signed: { readonly contract: Contract; readonly signature: Signature } | undefined
  readonly until: number
}

const LIFE = 12 * 3_600_000
const NO_CONTRACT = { signing: undefined, signed: undefined }
const MAX_VISITORS = 10_000
const OUTCOME_MILLISECONDS = 10_000

/** Browsers and what we know of them, in memory: a restart forgets them, as it may in a sample. */
export class Visitors {
  readonly #visitors = new Map<string, Visitor>()

  find(id: string | undefined): Visitor | undefined {
    const visitor = id === undefined ? undefined : this.#visitors.get(id)
    return visitor !== undefined && visitor.until > Date.now() ? visitor : undefined
  }

  /** A fresh browser session; made anew at each login, so that nobody can have prepared it. */
  open(account?: Received): Visitor {
    const [oldest] = this.#visitors.keys()
    if (this.#visitors.size >= MAX_VISITORS && oldest !== undefined) this.#visitors.delete(oldest)
    const id = randomBytes(32).toString('base64url')
    const visitor = { id, pending: undefined, account, until: Date.now() + LIFE, ...NO_CONTRACT }
    this.#visitors.set(id, visitor)
    return visitor
  }

  close(id: string): void {
    this.#visitors.delete(id)
  }
}

/**
 * Takes what Watashi told us for the browser that brings the code. The request must be this browser's own: a link sent to
 * somebody else logs nobody in here.
 */
export async function acceptReturn(
  visitor: Visitor | undefined,
  requestId: string | undefined,
  code: string | undefined,
): Promise<Outcome | { readonly kind: 'not_yours' }> {
  const pending = visitor?.pending
  if (visitor === undefined || pending === undefined || pending.requestId !== requestId) {
    return { kind: 'not_yours' }
  }
  visitor.pending = undefined
  const late: Outcome = { kind: 'failed', failure: undefined }
  const outcome = await within(OUTCOME_MILLISECONDS, pending.outcome, late)
  if (outcome.kind === 'failed') return outcome
  return bringsCode(outcome.received, code) ? outcome : { kind: 'not_yours' }
}

/** Takes a signature for the browser that brings the code, as `acceptReturn` does. */
export async function acceptSigned(
  visitor: Visitor,
  { outcome }: StartedSigning,
  code: string | undefined,
): Promise<Signing | { readonly kind: 'not_yours' }> {
  visitor.signing = undefined
  const late: Signing = { kind: 'refused', refused: undefined }
  const signing = await within(OUTCOME_MILLISECONDS, outcome, late)
  if (signing.kind === 'refused') return signing
  return bringsCode(signing.signature, code) ? signing : { kind: 'not_yours' }
}

function bringsCode(
  { codeSha256 }: { readonly codeSha256: Uint8Array },
  code: string | undefined,
): boolean {
  const digest = createHash('sha256')
    .update(code ?? '')
    .digest()
  return digest.length === codeSha256.length && timingSafeEqual(digest, codeSha256)
}

function within<T>(milliseconds: number, outcome: Promise<T>, late: T): Promise<T> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(late), milliseconds)
    void outcome.then((value) => {
      clearTimeout(timer)
      resolve(value)
    })
  })
}
