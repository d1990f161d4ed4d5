import type { Config } from '../config.ts'
import { readSubjectRef, RECHECK_PATH } from '../proofing/recheck-order.ts'
import { giveOrder } from './operator-order.ts'
import { EXIT, type PolicyIo } from './policy-io.ts'

/**
 * `watashi identity recheck SUBJECT_REF [--json]`: has the running product on this machine check a person's certificates now
 * (現況確認), without the card, and fetch the latest attributes where they are out of date and the person consented. Exit
 * code 0 when one of them is good, 1 when none is, 2 when the product refuses.
 */
export async function recheckIdentity(
  { ports }: Pick<Config, 'ports'>,
  unverified: string,
  options: { readonly json?: boolean },
  io: Pick<PolicyIo, 'print' | 'complain'>,
): Promise<number> {
  const body = { subject_ref: unverified }
  readSubjectRef(body)
  const { ok, answer } = await giveOrder<Answer>(ports.operator, RECHECK_PATH, body)
  if (!ok) {
    const { code, message } = answer.error ?? { code: 'INTERNAL', message: 'no reason was given' }
    io.complain(`watashi: ${code}: ${message}`)
    return EXIT.badInput
  }
  const { certificates = [], attributes = '' } = answer
  if (options.json === true) io.print(JSON.stringify({ certificates, attributes }))
  else {
    for (const { kind, status, reason } of certificates) {
      io.print(`${kind.padEnd(15)} ${status}${reason === '' ? '' : ` (${reason})`}`)
    }
    io.print(`latest attributes: ${attributes}`)
  }
  const isGood = certificates.some(({ status }) => status === 'good')
  return isGood ? EXIT.holds : EXIT.doesNotHold
}

/** What our own product answers. */
interface Answer {
  readonly certificates: readonly {
    readonly kind: string
    readonly status: string
    readonly reason: string
  }[]
  readonly attributes: string
}
