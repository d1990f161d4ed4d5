import { TaskThread } from '../kernel/task-thread.ts'
import { encodeRevocationTarget } from '../jpki/revocation-target.ts'
import type { TrustAnchor } from '../jpki/trust-anchor.ts'
import { changedSerials, indexCrl, type CrlDesk, type IndexedCrl } from './crl-desk.ts'
import type { CrlTask, CrlTaskAnswers } from './crl-thread.ts'

/** Lists above this are verified, indexed and asked in a thread of their own, so that nothing else waits for them. */
export const LARGE_CRL = 1024 * 1024

type CrlThread = TaskThread<CrlTask, CrlTaskAnswers>

/** A desk that works at once on small lists and starts a thread when the first large one comes. */
export function createCrlDesk(): CrlDesk {
  let thread: CrlThread | undefined
  let lists = 0
  const inThread = (): CrlThread =>
    (thread ??= new TaskThread(new URL('./crl-thread.ts', import.meta.url)))
  return {
    async verify(der, issuer) {
      if (der.length <= LARGE_CRL) return indexCrl(der, issuer)
      lists += 1
      return verifyInThread(inThread(), lists, der, issuer)
    },
    async difference(earlier, later) {
      if (earlier.length + later.length <= LARGE_CRL) return changedSerials(earlier, later)
      return inThread().ask({ kind: 'difference', earlier, later })
    },
    async close() {
      await thread?.close()
    },
  }
}

async function verifyInThread(
  thread: CrlThread,
  list: number,
  der: Uint8Array,
  issuer: TrustAnchor,
): Promise<IndexedCrl | Extract<CrlTaskAnswers['verify'], string>> {
  const { sha256, environment, kind, certificate } = issuer
  const root = { der: certificate.der, pin: { sha256, environment, kind } }
  const facts = await thread.ask({ kind: 'verify', list, der, issuer: root })
  if (typeof facts === 'string') return facts
  return {
    ...facts,
    status: ({ certificate: target, issuer: asked, at, freshness, lowestNumber }) =>
      thread.ask({
        kind: 'status',
        list,
        target: encodeRevocationTarget(target),
        issuer: asked.sha256,
        at,
        freshness,
        lowestNumber,
      }),
    // When the thread has ended, so has the list.
    release: () => void thread.ask({ kind: 'release', list }).catch(() => undefined),
  }
}
