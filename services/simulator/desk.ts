import { InvalidInput, NotFound } from '../kernel/errors.ts'
import { municipality } from './municipalities.ts'
import { MAX_TRIES, type PinName } from './card-file.ts'
import { CARD_GENERATIONS, type CardGeneration, generationOf } from './generation.ts'
import { phoneKind } from './phone-application.ts'
import type { CertificateFamily } from './profile.ts'
import type { SimulatorCore } from './simulator-core.ts'
import {
  REVOCATION_REASONS,
  type PhoneKind,
  type RevocationReason,
  type TokenKind,
} from './state.ts'

export interface CertificateView {
  readonly id: string
  readonly family: CertificateFamily
  readonly status: 'good' | 'suspended' | 'revoked' | 'expired'
  readonly reason?: RevocationReason
  readonly notAfter: string
  /** On the card or phone now; others were there before. */
  readonly current: boolean
}

export interface TokenView {
  readonly id: string
  readonly kind: TokenKind
  /** Of a phone. */
  readonly phone?: PhoneKind
  /** Of a card. */
  readonly generation?: CardGeneration
  readonly triesLeft: { readonly authentication: number; readonly signature: number }
  readonly hasSignature: boolean
  /** Of a phone: unlocked by biometrics instead of the PIN. */
  readonly biometrics: boolean
  readonly certificates: readonly CertificateView[]
}

export interface PersonView {
  readonly id: string
  readonly title: { readonly ja: string; readonly en: string }
  readonly town: { readonly ja: string; readonly en: string }
  readonly municipalityCode: string
  readonly died: boolean
  readonly tokens: readonly TokenView[]
}

/** People with their cards and the state of their certificates; without serials and without the four attributes. */
export function viewPeople(core: SimulatorCore): readonly PersonView[] {
  return core.office.people.map((person) => ({
    id: person.id,
    title: person.title,
    town: municipality(person.municipalityCode).name,
    municipalityCode: person.municipalityCode,
    died: person.diedAt !== undefined,
    tokens: core.office.tokens
      .filter(({ personId }) => personId === person.id)
      .map((token) => viewToken(core, token)),
  }))
}

function viewToken(
  core: SimulatorCore,
  token: SimulatorCore['office']['tokens'][number],
): TokenView {
  const { authentication, signature } = core.cards.pins(token.id).load()
  const onIt = [token.authentication.certificateId, token.signature?.certificateId]
  const now = core.office.now()
  return {
    id: token.id,
    kind: token.kind,
    ...(token.kind === 'phone'
      ? { phone: token.phone ?? 'android' }
      : { generation: generationOf(token) }),
    triesLeft: { authentication: authentication.triesLeft, signature: signature.triesLeft },
    hasSignature: token.signature !== undefined,
    biometrics: token.biometrics === true,
    certificates: core.office.certificates
      .filter(({ tokenId }) => tokenId === token.id)
      .map(({ id, family, revocation, notAfter }) => ({
        id,
        family,
        status: revocation
          ? revocation.reason === 'certificateHold'
            ? ('suspended' as const)
            : ('revoked' as const)
          : new Date(notAfter) < now
            ? ('expired' as const)
            : ('good' as const),
        ...(revocation && { reason: revocation.reason }),
        notAfter,
        current: onIt.includes(id),
      })),
  }
}

export interface DeskOrder {
  readonly kind: string
  readonly id: string
  readonly action: string
  /** A field of what was sent with the order, `''` when there is none. */
  readonly field: (name: string) => string
}

/** Carries out an order of the desk or of the JSON API; `NotFound`, `Conflict` or `InvalidInput` say why not. */
export async function perform({ office }: SimulatorCore, order: DeskOrder): Promise<void> {
  const { id, field } = order
  switch (`${order.kind}/${order.action}`) {
    case 'certificates/revoke':
      return office.revoke(id, reason(field('reason')))
    case 'certificates/suspend':
      return office.suspend(id)
    case 'certificates/resume':
      return office.resume(id)
    case 'tokens/renew':
      return office.renew(id, generation(field('generation')))
    case 'tokens/issue-signature':
      return office.issueSignature(id)
    case 'tokens/unblock':
      return office.unblockPin(id, pinName(field('family')))
    case 'tokens/biometrics':
      return office.setBiometrics(id, onOrOff(field('biometrics')))
    case 'tokens/reset':
      return office.resetPhone(id)
    case 'people/move':
      return office.moveHouse(id, {
        municipalityCode: field('municipalityCode'),
        address: field('address') || newAddress(field('municipalityCode')),
      })
    case 'people/record-death':
      return office.recordDeath(id)
    case 'people/issue-phone':
      return office.issuePhone(id, {
        phone: phoneKind(field('phone') || 'android'),
        pin: field('pin'),
      })
    default:
      throw new NotFound('no such order')
  }
}

function newAddress(municipalityCode: string): string {
  return `${municipality(municipalityCode).addressPrefix}新町９丁目８番７号`
}

function reason(text: string): RevocationReason {
  if (Object.hasOwn(REVOCATION_REASONS, text)) return text as RevocationReason
  throw new InvalidInput('reason', `one of ${Object.keys(REVOCATION_REASONS).join(', ')}`)
}

function pinName(text: string): PinName {
  if (Object.hasOwn(MAX_TRIES, text)) return text as PinName
  throw new InvalidInput('family', `one of ${Object.keys(MAX_TRIES).join(', ')}`)
}

function generation(text: string): CardGeneration | undefined {
  if (text === '') return undefined
  const known = CARD_GENERATIONS.find((one) => one === text)
  if (!known) throw new InvalidInput('generation', CARD_GENERATIONS.join(' or '))
  return known
}

function onOrOff(text: string): boolean {
  if (text === 'on' || text === 'off') return text === 'on'
  throw new InvalidInput('biometrics', 'on or off')
}
