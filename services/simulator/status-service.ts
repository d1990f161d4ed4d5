import type { Clock } from '../kernel/clock.ts'
import { toBase64Url } from '../kernel/bytes.ts'
import { NotFound, Unavailable } from '../kernel/errors.ts'
import type { Authorities, CertificationAuthority } from './certification-authority.ts'
import { wholeSecond } from './certification-authority.ts'
import { nameDer } from './der.ts'
import { CARD_GENERATIONS, type CardGeneration, generationOf } from './generation.ts'
import { MUNICIPALITIES, type Municipality, municipality } from './municipalities.ts'
import { answerOcsp, asksAbout, type CertificateStatus, ocspError } from './ocsp-responder.ts'
import { CERTIFICATE_FAMILIES, type CertificateFamily, distributionPointName } from './profile.ts'
import { revocationList } from './revocation-list.ts'
import type { IssuedCertificate, SimulatorState } from './state.ts'
import type { Switches } from './switches.ts'
import { dayNumberInJapan } from './validity.ts'

const HOUR = 60 * 60 * 1000
const MINUTE = 60 * 1000

/** A municipality's CRL: the name that certificates carry, and the path under the simulator's address. */
export interface DistributionPoint {
  readonly family: CertificateFamily
  readonly generation: CardGeneration
  readonly municipalityCode: string
  /** DER of the directoryName's Name. */
  readonly name: Uint8Array
  readonly path: string
}

export interface StatusServiceParts {
  readonly state: SimulatorState
  readonly authorities: Authorities
  readonly clock: Clock
  readonly switches: () => Switches
  readonly save: () => void
}

interface Published {
  readonly der: Uint8Array
  readonly at: Date
  /** What the list was made from; another text means another list. */
  readonly basis: string
}

/** CRLs of every municipality and of all, and OCSP, over what the issuing office has recorded. */
export class StatusService {
  readonly #parts: StatusServiceParts
  readonly #published = new Map<string, Published>()

  constructor(parts: StatusServiceParts) {
    this.#parts = parts
  }

  /** Where each distribution point named in certificates is served. */
  get distributionPoints(): readonly DistributionPoint[] {
    return CARD_GENERATIONS.flatMap((generation) =>
      CERTIFICATE_FAMILIES.flatMap((family) =>
        MUNICIPALITIES.map((town) => ({
          family,
          generation,
          municipalityCode: town.code,
          name: nameDer(distributionPointName(family, town, generation)),
          path: `/crl/${family}/${town.code}${generation === 'next' ? '-next' : ''}.crl`,
        })),
      ),
    )
  }

  /** CRL of one town by its code, or `full`. `Unavailable` while the switch says down. */
  crl(
    family: CertificateFamily,
    scope: string,
    generation: CardGeneration = 'current',
  ): Uint8Array {
    const { crl } = this.#parts.switches()
    if (crl === 'down') throw new Unavailable('the revocation list service is down')
    const town = scope === 'full' ? undefined : municipality(scope)
    const authority = this.#parts.authorities[generation][family]
    return this.#publish(authority, crl === 'wrong-partition' ? anotherTown(town) : town)
  }

  /** CRL by the name of its distribution point, as a certificate carries it. */
  crlByName(name: Uint8Array): Uint8Array {
    const wanted = toBase64Url(name)
    const point = this.distributionPoints.find((one) => toBase64Url(one.name) === wanted)
    if (!point) throw new NotFound('no such distribution point')
    return this.crl(point.family, point.municipalityCode, point.generation)
  }

  /** OCSP answer of a family's responder to a DER request. */
  async ocsp(family: CertificateFamily, request: Uint8Array): Promise<Uint8Array> {
    const { authorities, clock, switches, save } = this.#parts
    const { ocsp, ocspSigner } = switches()
    if (ocsp === 'down') throw new Unavailable('the OCSP responder is down')
    if (ocsp === 'try-later') return ocspError('tryLater')
    const authority = asksAbout(request, authorities.next[family].issuer)
      ? authorities.next[family]
      : authorities.current[family]
    const now = wholeSecond(clock.now().getTime())
    const signer =
      ocspSigner === 'delegated' ? await authority.delegatedOcspSigner(now) : authority.issuer
    if (ocspSigner === 'delegated') save()
    const responder = {
      issuer: authority.issuer,
      signer: { ...signer, ...(ocsp === 'wrong-key' && { privateKey: this.#wrongKey(authority) }) },
      status: (serial: number) => this.#status(authority, serial),
    }
    const age = { normal: 0, stale: 40 * HOUR, expired: 50 * HOUR, 'wrong-key': 0 }[ocsp]
    return answerOcsp(responder, request, window(now, age, ocsp === 'stale' ? 48 * HOUR : HOUR))
  }

  #status(authority: CertificationAuthority, serial: number): CertificateStatus {
    const found = this.#issuedBy(authority).find((one) => one.serial === serial)
    if (!found) {
      const own = authority.isOwnSerial(serial)
      return { status: own ? 'good' : 'unknown' }
    }
    if (!found.revocation) return { status: 'good' }
    const { reason, at } = found.revocation
    return { status: 'revoked', reason, at: new Date(at) }
  }

  #issuedBy({ family, generation }: CertificationAuthority): IssuedCertificate[] {
    return this.#parts.state.certificates.filter(
      (one) => one.family === family && generationOf(one) === generation,
    )
  }

  #publish(authority: CertificationAuthority, town: Municipality | undefined): Uint8Array {
    const { family, generation } = authority
    const { crl, crlBatch } = this.#parts.switches()
    const now = wholeSecond(this.#parts.clock.now().getTime())
    const id = `${generation} ${family} ${town?.code ?? 'full'}`
    const revoked = this.#issuedBy(authority).filter(
      (one) => !town || one.municipalityCode === town.code,
    )
    const basis = JSON.stringify([crl, revoked.map((one) => [one.serial, one.revocation])])
    const before = this.#published.get(id)
    if (before && !isDue(before, basis, now, crlBatch)) return before.der
    const age = { normal: 0, stale: 40 * HOUR, expired: 50 * HOUR }[crl as string] ?? 0
    const { thisUpdate, nextUpdate } = window(now, age, crl === 'stale' ? 48 * HOUR : 24 * HOUR)
    const privateKey = crl === 'wrong-key' ? this.#wrongKey(authority) : authority.issuer.privateKey
    const der = revocationList(
      { ...authority.issuer, privateKey },
      {
        number: authority.takeCrlNumber(),
        thisUpdate,
        nextUpdate,
        ...(town && { scope: distributionPointName(family, town, generation) }),
        entries: revoked.flatMap(({ serial, revocation }) =>
          revocation ? [{ serial, reason: revocation.reason, at: new Date(revocation.at) }] : [],
        ),
      },
    )
    this.#parts.save() // the number must not be used again after a restart
    this.#published.set(id, { der, at: now, basis })
    return der
  }

  #wrongKey({ family, generation }: CertificationAuthority) {
    const other = family === 'signature' ? 'authentication' : 'signature'
    return this.#parts.authorities[generation][other].issuer.privateKey
  }
}

/** The daily batch runs at midnight in Japan and takes ten minutes, in which yesterday's list is still served. */
function isDue(before: Published, basis: string, now: Date, batch: Switches['crlBatch']): boolean {
  if (batch === 'at-once') {
    const age = now.getTime() - before.at.getTime()
    return basis !== before.basis || age >= HOUR || age < 0
  }
  const day = (at: Date) => dayNumberInJapan(new Date(at.getTime() - 10 * MINUTE))
  return day(now) !== day(before.at)
}

function anotherTown(town: Municipality | undefined): Municipality | undefined {
  return MUNICIPALITIES.find((other) => other.code !== town?.code)
}

function window(now: Date, age: number, length: number) {
  const thisUpdate = new Date(now.getTime() - age)
  const nextUpdate = new Date(thisUpdate.getTime() + length)
  return { producedAt: thisUpdate, thisUpdate, nextUpdate }
}
