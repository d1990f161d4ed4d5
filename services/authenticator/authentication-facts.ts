/**
 * What stands behind an attestation. Model and key store of an authenticator are evidence from `verified` on, which needs
 * metadata of the makers.
 */
export type AttestationTrust = 'none' | 'self'

/** `factor` of facts.schema.json, as far as this service fills it. `null` is "not established", never "no". */
type FactorFacts = {
  readonly type: 'mf_crypto'
  readonly authenticator: string
  readonly form?: 'ic_card'
  readonly hardware: boolean | null
  readonly exportable: boolean | null
  readonly activation: 'pin' | null
  readonly uv?: boolean
  readonly up?: boolean
  readonly be?: boolean
  readonly bs?: boolean
  readonly attestation: AttestationTrust | 'pki_chain'
  readonly phishing_resistant: boolean
  readonly replay_resistant: boolean
  readonly intent: boolean
  readonly origin_bound: boolean
  readonly status: 'active'
}

/** `auth` of facts.schema.json: one authentication event. It says what happened; the level is the policy's to say. */
export type AuthenticationFacts = {
  readonly at: string
  readonly factors: readonly FactorFacts[]
}

export interface PasskeyCeremony {
  readonly authenticatorId: string
  readonly at: Date
  readonly userVerified: boolean
  readonly backupEligible: boolean
  readonly backedUp: boolean
  readonly attestation: AttestationTrust
}

/**
 * A WebAuthn assertion as facts. A key that may be backed up can leave its device; one that says it may not is believed
 * only with an attestation that is chained to its maker (SP 800-63B-4 §4.1.3), and then the AAGUID is worth a word too.
 */
export function passkeyFacts(ceremony: PasskeyCeremony): AuthenticationFacts {
  return {
    at: ceremony.at.toISOString(),
    factors: [
      {
        type: 'mf_crypto',
        authenticator: ceremony.authenticatorId,
        hardware: null,
        exportable: ceremony.backupEligible ? true : null,
        activation: null, // PIN or biometrics: the UV flag does not tell which
        uv: ceremony.userVerified,
        up: true,
        be: ceremony.backupEligible,
        bs: ceremony.backedUp,
        attestation: ceremony.attestation,
        phishing_resistant: true, // SP 800-63B-4 §3.2.5: bound to the verifier's name by rpId and origin
        replay_resistant: true,
        intent: true,
        origin_bound: true,
        status: 'active',
      },
    ],
  }
}

/**
 * A tap of the card with the 利用者証明用 key, as facts. The challenge came to the card client through a relay, so nothing
 * ties the signature to the verifier's name: not phishing-resistant.
 */
export function cardFacts(authenticatorId: string, at: Date): AuthenticationFacts {
  return {
    at: at.toISOString(),
    factors: [
      {
        type: 'mf_crypto',
        authenticator: authenticatorId,
        form: 'ic_card',
        hardware: true,
        exportable: false,
        activation: 'pin',
        attestation: 'pki_chain',
        phishing_resistant: false,
        replay_resistant: true,
        intent: true,
        origin_bound: false,
        status: 'active',
      },
    ],
  }
}
