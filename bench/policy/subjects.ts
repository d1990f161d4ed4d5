import type { Catalogue } from '../../services/policy/language/catalogue.ts'
import { formatTime, type Seconds } from '../../services/policy/language/dates.ts'
import type { Facts } from '../../services/policy/language/judged-facts.ts'
import type { Dice } from '../../test/policy/random-facts.ts'

export const NOW: Seconds = Date.parse('2026-11-01T00:00:00Z') / 1000
const DAY = 86_400
const KINDS = [
  ['mynumber_card', 'gov_photo_id'],
  ['jpki_sign_cert', 'pki_cert'],
  ['drivers_license', 'gov_photo_id'],
  ['epassport', 'gov_photo_id'],
  ['health_insurance', 'gov_nonphoto_id'],
  ['bank_account', 'financial_account'],
  ['mobile_account', 'mobile_account'],
] as const

/** Random facts in which everything that the reference policy reads is established; `open` percent of the checks have no outcome. */
export function drawFacts(catalogue: Catalogue, dice: Dice, open: number): Facts {
  return new Draw(catalogue, dice, open).facts()
}

class Draw {
  readonly #catalogue: Catalogue
  readonly #dice: Dice
  readonly #open: number

  constructor(catalogue: Catalogue, dice: Dice, open: number) {
    this.#catalogue = catalogue
    this.#dice = dice
    this.#open = open
  }

  facts(): Facts {
    const dice = this.#dice
    const ids = Array.from({ length: 1 + dice.below(4) }, (_, i) => `e${i}`)
    return {
      proofing: { channel: this.#of('Channel'), consent: dice.chance(80), at: this.#time(4000, 0) },
      evidence: ids.map((id) => this.#evidence(id)),
      checks: this.#checks(ids),
      auth: { factors: Array.from({ length: 1 + dice.below(3) }, () => this.#factor()) },
      session: {
        auth_aal: this.#of('Aal'),
        claimed: this.#of('Aal'),
        age_s: dice.chance(80) ? dice.below(20_000) : dice.below(4_000_000),
        idle_s: dice.below(5000),
        reauth: { session_secret: dice.chance(50), factors: [] },
      },
      binding: {
        method: this.#of('BindingMethod'),
        session_aal: this.#of('Aal'),
        account_max_aal: this.#of('Aal'),
        external: dice.chance(20),
        code_age_s: dice.below(1000),
        same_protected_session: dice.chance(70),
      },
      recovery: {
        account_max_aal: this.#of('Aal'),
        proofed: this.#of('Proofed'),
        channel: this.#of('Channel'),
        methods: [],
      },
      authenticator: {
        consecutive_failures: dice.chance(95) ? dice.below(5) : 100,
        status: dice.chance(95) ? 'active' : this.#of('AuthenticatorStatus'),
      },
      rp: { signature_verifier: dice.chance(50) },
    }
  }

  #of(name: string): string {
    return this.#dice.pick(this.#catalogue.enums.get(name)?.members ?? []) ?? ''
  }

  #time(before: number, after: number): string {
    return formatTime(NOW + (this.#dice.below(before + after) - before) * DAY)
  }

  #result(): string {
    if (this.#dice.chance(this.#open)) return 'unknown'
    return this.#dice.chance(93) ? 'pass' : 'fail'
  }

  #evidence(id: string): Facts {
    const [kind, cls] = this.#dice.pick(KINDS) ?? KINDS[0]
    return { id, kind, cls, strength: this.#of('Strength'), expires_at: this.#time(300, 3000) }
  }

  #checks(ids: readonly string[]): readonly Facts[] {
    const dice = this.#dice
    const checks: Facts[] = []
    for (const on of ids) {
      checks.push({ type: 'status', on, result: dice.chance(96) ? 'good' : 'revoked' })
      if (dice.chance(85))
        checks.push({
          type: 'authentic',
          on,
          method: this.#of('AuthenticMethod'),
          result: this.#result(),
        })
      for (let n = dice.below(3); n > 0; n -= 1)
        checks.push({
          type: 'holder',
          on,
          method: this.#of('HolderMethod'),
          pad: dice.chance(60),
          result: this.#result(),
        })
    }
    if (dice.chance(80))
      checks.push({
        type: 'match',
        scope: this.#of('MatchScope'),
        source: 'government',
        result: this.#result(),
      })
    if (dice.chance(40))
      checks.push({ type: 'recorded', purpose: 'non_repudiation', result: this.#result() })
    if (dice.chance(50))
      checks.push({ type: 'death_check', result: dice.chance(98) ? 'pass' : 'fail' })
    return checks
  }

  #factor(): Facts {
    const dice = this.#dice
    return {
      type: this.#of('FactorType'),
      status: dice.chance(90) ? 'active' : this.#of('AuthenticatorStatus'),
      length: dice.below(24),
      channel: this.#of('FactorChannel'),
      hardware: dice.chance(60),
      exportable: dice.chance(30),
      uv: dice.chance(70),
      bs: dice.chance(30),
      attestation: this.#of('Attestation'),
      fips: dice.below(4),
      phishing_resistant: dice.chance(50),
      replay_resistant: dice.chance(70),
      intent: dice.chance(70),
      origin_bound: dice.chance(50),
    }
  }
}
