import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Outcome, Received, Started } from './outcome.ts'

/** One browser at this site, by its cookie. */
export interface Visitor {
  readonly id: string
  pending: Pick<Started, 'requestId' | 'outcome'> | undefined
  account: Received | undefined
  readonly until: number
}

const LIFE = 12 * 3_600_000
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
    const visitor = { id, pending: undefined, account, until: Date.now() + LIFE }
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
  const outcome = await within(OUTCOME_MILLISECONDS, pending.outcome)
  if (outcome.kind === 'failed') return outcome
  const digest = createHash('sha256')
    .update(code ?? '')
    .digest()
  const { codeSha256 } = outcome.received
  const same = digest.length === codeSha256.length && timingSafeEqual(digest, codeSha256)
  return same ? outcome : { kind: 'not_yours' }
}

function within(milliseconds: number, outcome: Promise<Outcome>): Promise<Outcome> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve({ kind: 'failed', failure: undefined }), milliseconds)
    void outcome.then((value) => {
      clearTimeout(timer)
      resolve(value)
    })
  })
}
