import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import type { Places } from '../config.ts'
import { readFileIfPresent, writeFileAtomically } from '../database/whole-file.ts'
import { attributeTexts } from '../jpki/name.ts'
import { ATTRIBUTE_TYPE } from '../jpki/oids.ts'
import {
  openTrustAnchor,
  PRODUCTION_PINS,
  type CertificateKind,
  type TrustAnchor,
  type TrustAnchorPin,
} from '../jpki/trust-anchor.ts'
import { AnchorRefused } from '../jpki/errors.ts'
import { fromBase64, toBase64, toHex } from '../kernel/bytes.ts'
import { sha256 } from '../kernel/digest.ts'
import { ConfigError, InvalidInput, ServiceError } from '../kernel/errors.ts'
import { TRUST_ENVIRONMENTS } from '../kernel/trust-environment.ts'

export type AnchorPlace = Pick<Places, 'trustEnvironment' | 'dataDir'>

export const CERTIFICATE_KINDS: readonly CertificateKind[] = ['signature', 'authentication']

/** One root as it is kept, with the environment that it was imported for. */
const Record = Type.Object({
  version: Type.Literal(1),
  environment: Type.Enum([...TRUST_ENVIRONMENTS]),
  kind: Type.Enum(['signature', 'authentication']),
  sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  certificate: Type.String({ maxLength: 16_384 }),
})

function folderOf({ dataDir, trustEnvironment }: AnchorPlace): string {
  return join(dataDir, 'anchors', trustEnvironment)
}

/** Keeps a root for its environment; false when it was there already. */
export function keepAnchor(place: AnchorPlace, anchor: TrustAnchor): boolean {
  const { environment, kind, sha256: digest, certificate } = anchor
  if (environment !== place.trustEnvironment) throw new TypeError('a root of this environment')
  const path = join(folderOf(place), `${digest}.json`)
  const record = { version: 1, environment, kind, sha256: digest }
  const text = JSON.stringify({ ...record, certificate: toBase64(certificate.der) }, null, 2)
  if (readFileIfPresent(path) === text) return false
  writeFileAtomically(path, text)
  return true
}

/**
 * The roots that were imported for this environment, each opened anew under its pin. A file that was changed, or brought
 * over from another environment, stops it: `ConfigError`.
 */
export function loadAnchors(place: AnchorPlace): readonly TrustAnchor[] {
  const folder = folderOf(place)
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => loadAnchor(place, join(folder, name)))
}

function loadAnchor(place: AnchorPlace, path: string): TrustAnchor {
  const { trustEnvironment } = place
  try {
    const record: unknown = JSON.parse(readFileIfPresent(path) ?? '')
    if (!Value.Check(Record, record)) throw new InvalidInput('', 'the form of a kept root')
    if (record.environment !== trustEnvironment) {
      throw new InvalidInput('', `a root of ${trustEnvironment}: environments are never mixed`)
    }
    const { environment, kind, sha256: digest } = record
    const pins = admissiblePins(environment, [{ environment, kind, sha256: digest }])
    return openPinned(fromBase64(record.certificate), pins)
  } catch (error) {
    if (!(error instanceof ServiceError) && !(error instanceof SyntaxError)) throw error
    const why = error instanceof ServiceError ? error.message : 'expected JSON'
    throw new ConfigError(`the trust anchor ${path} cannot be used: ${why}`, { cause: error })
  }
}

/**
 * Pins that count in an environment. In production they are those that J-LIS publishes, whatever is named beside them; for
 * test cards J-LIS publishes none, so the operator names them; the simulator brings its own roots.
 */
export function admissiblePins(
  environment: AnchorPlace['trustEnvironment'],
  named: readonly TrustAnchorPin[],
): readonly TrustAnchorPin[] {
  switch (environment) {
    case 'production':
      return PRODUCTION_PINS
    case 'jpki-test':
      return named.filter(({ sha256: digest }) =>
        PRODUCTION_PINS.every((published) => published.sha256 !== digest),
      )
    case 'simulator':
      throw new ConfigError(
        'the simulator brings its own roots: set `TRUST_ENVIRONMENT=production` or `jpki-test`',
      )
    default:
      return environment satisfies never
  }
}

/** Opens a root under the pin that it has. @throws AnchorRefused when it has none, or is not what the pin says */
export function openPinned(der: Uint8Array, pins: readonly TrustAnchorPin[]): TrustAnchor {
  const digest = toHex(sha256(der))
  const pin = pins.find((candidate) => candidate.sha256 === digest)
  if (pin === undefined) {
    if (PRODUCTION_PINS.some((published) => published.sha256 === digest)) {
      throw new AnchorRefused('a root of this environment; this one is of production')
    }
    throw new AnchorRefused(`a root that is pinned here; this one has SHA-256 ${digest}`)
  }
  const anchor = openTrustAnchor(der, pin)
  checkName(anchor)
  return anchor
}

const ORGANISATIONS = { production: 'JPKI', 'jpki-test': 'JPKI-TEST', simulator: 'JPKI-SIM' }
const UNITS = {
  signature: 'JPKI for digital signature',
  authentication: 'JPKI for user authentication',
}

/** A pin can be typed for the wrong root; the root's own name says where it belongs. */
function checkName({ environment, kind, certificate }: TrustAnchor): void {
  const { subject } = certificate
  const organisation = ORGANISATIONS[environment]
  if (!attributeTexts(subject, ATTRIBUTE_TYPE.organization).includes(organisation)) {
    throw new AnchorRefused(`a root of \`O=${organisation}\`, as ${environment} has them`)
  }
  if (!attributeTexts(subject, ATTRIBUTE_TYPE.organizationalUnit).includes(UNITS[kind])) {
    throw new AnchorRefused(`a root of \`OU=${UNITS[kind]}\`, as its pin says`)
  }
}

export type AnchorState = 'current' | 'expired' | 'not-yet-valid'

export function stateOf({ certificate }: TrustAnchor, now: Date): AnchorState {
  if (now > certificate.notAfter.at) return 'expired'
  return now < certificate.notBefore.at ? 'not-yet-valid' : 'current'
}

/** Which key generation of its authority a published root is, from 1; null for those that nobody publishes. */
export function generationOf({ kind, sha256: digest }: TrustAnchor): number | null {
  const family = PRODUCTION_PINS.filter((pin) => pin.kind === kind)
  const index = family.findIndex((pin) => pin.sha256 === digest)
  return index === -1 ? null : index + 1
}
