import { sign } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { proofMessage, type ProofPurpose } from '../../services/card/proof-message.ts'
import type { AgentSession, EvidenceAnswer } from '../../services/proofing/api.ts'
import { Person } from '../../services/cli/demo/person.ts'
import { keyFileNames } from '../../services/context/keys.ts'
import { fromBase64Url, toBase64 } from '../../services/kernel/bytes.ts'
import { systemClock } from '../../services/kernel/clock.ts'
import { systemRandom } from '../../services/kernel/random.ts'
import type { TrustEnvironment } from '../../services/kernel/trust-environment.ts'
import { ensureDevelopmentKeys } from '../../services/rpc/development-keys.ts'
import { loadSecretKey, loadSigningKey } from '../../services/rpc/key-file-store.ts'
import type { TestCertificate } from '../pki/issue.ts'

/** Puts every key where an operator of production puts them. */
export async function bringKeys(dir: string): Promise<void> {
  mkdirSync(dir, { recursive: true })
  const files = { dir, makeMissing: true, random: systemRandom }
  for (const name of keyFileNames()) {
    if (name.endsWith('.key')) loadSecretKey(files, name.replace(/\.key$/, ''))
    else if (!name.startsWith('tls/')) loadSigningKey(files, name.replace(/\.pem$/, ''))
  }
  await ensureDevelopmentKeys(dir, {
    environment: 'jpki-test',
    clock: systemClock,
    random: systemRandom,
    relyingParties: [],
  })
}

/** What a card gives for a challenge, whatever kind of card it is. */
export type CardAnswer = (
  message: Uint8Array,
) => Promise<{ certificate: Uint8Array; signature: Uint8Array }>

/** A card with the key of a test certificate. */
export function cardOf({ der, key }: TestCertificate): CardAnswer {
  return async (message) => ({
    certificate: der,
    signature: new Uint8Array(sign('sha256', message, key.privateKey)),
  })
}

/** Enrols with a new passkey and this card, against pages of `issuer` that are reached at `address`. */
export async function enrolWith(
  place: { readonly issuer: string; readonly address: string; readonly dataDir: string },
  card: CardAnswer,
): Promise<EvidenceAnswer> {
  const person = new Person({ ...place, clock: systemClock, random: systemRandom })
  const ticket = await person.registerPasskey('signature')
  const session = await post<AgentSession>(place.address, 'session', { ticket })
  const message = proofMessage({
    ...session,
    // The route's form calls them texts.
    environment: session.environment as TrustEnvironment,
    purpose: session.purpose as ProofPurpose,
    nonce: fromBase64Url(session.nonce),
    bindingHash: fromBase64Url(session.bindingHash),
  })
  const { certificate, signature } = await card(message)
  return post(place.address, 'evidence', {
    ticket,
    certificate: toBase64(certificate),
    signature: toBase64(signature),
    tokenType: 'card',
  })
}

async function post<T>(address: string, what: string, body: object): Promise<T> {
  const response = await fetch(`${address}/api/proofing/agent/${what}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`${what}: ${await response.text()}`)
  return (await response.json()) as T // the route's own schema vouches for the form
}
