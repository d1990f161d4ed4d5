import { formatTime } from '../../services/policy/language/dates.ts'
import type { Facts } from '../../services/policy/language/judged-facts.ts'

const DAY = 86_400_000

/** Facts of a tap of the card some weeks before `now`, whose status ends some days after it, or ended. */
export function cardTap(now: Date, days: number, result: string): Facts {
  const at = (day: number) => formatTime((now.getTime() + day * DAY) / 1000)
  return {
    proofing: { channel: 'remote_unattended', at: at(-40) },
    evidence: [{ id: 'e1', kind: 'jpki_sign_cert', cls: 'pki_cert', expires_at: at(3 * days) }],
    checks: [
      { type: 'authentic', on: 'e1', method: 'crypto', anchor: 'JLIS' },
      { type: 'status', on: 'e1', result, this_update: at(days - 2), next_update: at(days) },
      { type: 'signed', on: 'e1', payload: 'application', valid: true },
      { type: 'match', on: 'e1', scope: 'core', source: 'signed_attributes' },
      { type: 'holder', on: 'e1', method: 'pin' },
    ],
  }
}
