import { readFileSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { prepareFolder } from '../context/prepare-folder.ts'
import {
  admissiblePins,
  CERTIFICATE_KINDS,
  generationOf,
  keepAnchor,
  loadAnchors,
  openPinned,
  stateOf,
  type AnchorPlace,
  type AnchorState,
} from '../context/trust-anchors.ts'
import type { TrustAnchor, TrustAnchorPin } from '../jpki/trust-anchor.ts'
import { fromBase64 } from '../kernel/bytes.ts'
import { InvalidInput, ServiceError } from '../kernel/errors.ts'
import { pemBlocks } from '../kernel/pem.ts'
import { EXIT, type PolicyIo } from './policy-io.ts'

type Io = Pick<PolicyIo, 'print' | 'complain' | 'clock'>

export interface ImportOptions {
  readonly files: readonly string[]
  /** `<kind>:<SHA-256>` each. */
  readonly pin?: readonly string[]
  readonly json?: boolean
}

interface OpenedFile {
  readonly file: string
  readonly anchor: TrustAnchor
}

/**
 * `watashi anchors import FILE… [--pin KIND:SHA256] [--json]`: keeps root certificates for this environment, all of them or,
 * when one is refused, none. A root that is there already stays as it is. Exit codes: 0 all are there, 2 one was refused.
 */
export function importAnchors(place: AnchorPlace, options: ImportOptions, io: Io): number {
  const named = (options.pin ?? []).map((text) => readPin(place, text))
  const kept = place.trustEnvironment === 'jpki-test' ? loadAnchors(place) : []
  const pins = admissiblePins(place.trustEnvironment, [...named, ...kept])
  const opened: OpenedFile[] = []
  let refused = 0
  for (const file of options.files) {
    try {
      for (const der of readCertificates(file)) opened.push({ file, anchor: openPinned(der, pins) })
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error
      refused += 1
      io.complain(`watashi: ${file}: ${error.message}`)
    }
  }
  if (refused > 0) {
    io.complain('watashi: nothing was imported')
    return EXIT.badInput
  }
  prepareFolder('DATA_DIR', place.dataDir)
  for (const { file, anchor } of opened) {
    const outcome = keepAnchor(place, anchor) ? 'imported' : 'was there already'
    print({ file: basename(file), outcome, ...describe(anchor, io.clock.now()) }, options, io)
  }
  return EXIT.holds
}

/** `watashi anchors list [--json]`: the imported roots of this environment. Exit code 0. */
export function listAnchors(
  place: AnchorPlace,
  options: { readonly json?: boolean },
  io: Io,
): number {
  const kept = place.trustEnvironment === 'simulator' ? [] : loadAnchors(place)
  const now = io.clock.now()
  const inOrder = kept.toSorted(
    (a, b) =>
      CERTIFICATE_KINDS.indexOf(a.kind) - CERTIFICATE_KINDS.indexOf(b.kind) ||
      a.certificate.notBefore.at.getTime() - b.certificate.notBefore.at.getTime(),
  )
  for (const anchor of inOrder) print(describe(anchor, now), options, io)
  if (kept.length === 0 && options.json !== true) {
    io.print(
      place.trustEnvironment === 'simulator'
        ? 'the simulator brings its own roots'
        : `no root was imported for ${place.trustEnvironment}`,
    )
  }
  return EXIT.holds
}

const MAX_FILE = 64 * 1024
const MAX_CERTIFICATES = 16

/** The certificates of a file: one in DER, or up to 16 in PEM. */
function readCertificates(file: string): readonly Uint8Array[] {
  const bytes = readSmallFile(file)
  const text = bytes.toString('latin1')
  if (!text.includes('-----BEGIN')) return [new Uint8Array(bytes)]
  const blocks = pemBlocks(text).filter(({ label }) => label === 'CERTIFICATE')
  if (blocks.length === 0 || blocks.length > MAX_CERTIFICATES) {
    throw new InvalidInput('', `1 to ${MAX_CERTIFICATES} certificates in PEM`)
  }
  return blocks.map(({ base64 }) => fromBase64(base64))
}

function readSmallFile(file: string): Buffer {
  try {
    const { size } = statSync(file)
    if (size === 0 || size > MAX_FILE)
      throw new InvalidInput('', `a file of 1 to ${MAX_FILE} bytes`)
    return readFileSync(file)
  } catch (error) {
    if (error instanceof ServiceError) throw error
    throw new InvalidInput('', 'a file that can be read', { cause: error })
  }
}

function readPin({ trustEnvironment }: AnchorPlace, text: string): TrustAnchorPin {
  if (trustEnvironment === 'production') {
    throw new InvalidInput(
      '--pin',
      'no pin: the roots of production are pinned by what J-LIS publishes',
    )
  }
  const [, kindText, digest] = /^([a-z]+):([0-9a-fA-F]{64})$/.exec(text) ?? []
  const kind = CERTIFICATE_KINDS.find((candidate) => candidate === kindText)
  if (kind === undefined || digest === undefined) {
    throw new InvalidInput('--pin', '`signature:<SHA-256>` or `authentication:<SHA-256>`')
  }
  return { kind, environment: trustEnvironment, sha256: digest.toLowerCase() }
}

interface Description {
  readonly environment: string
  readonly kind: string
  readonly generation: number | null
  readonly not_before: string
  readonly not_after: string
  readonly state: AnchorState
  readonly sha256: string
}

function describe(anchor: TrustAnchor, now: Date): Description {
  const { environment, kind, sha256, certificate } = anchor
  return {
    environment,
    kind,
    generation: generationOf(anchor),
    not_before: certificate.notBefore.at.toISOString(),
    not_after: certificate.notAfter.at.toISOString(),
    state: stateOf(anchor, now),
    sha256,
  }
}

const KIND_WORDS: Readonly<Record<string, string>> = {
  signature: 'signature (署名用)',
  authentication: 'authentication (利用者証明用)',
}
const STATE_WORDS: Readonly<Record<AnchorState, string>> = {
  current: '',
  expired: ', expired: kept for checks of the past alone',
  'not-yet-valid': ', not valid yet',
}

function print(
  row: Description & { readonly file?: string; readonly outcome?: string },
  options: { readonly json?: boolean },
  io: Io,
): void {
  if (options.json === true) {
    io.print(JSON.stringify(row))
    return
  }
  const { file, outcome, environment, kind, generation, state, sha256 } = row
  const which = generation === null ? '' : `, generation ${generation}`
  const until = `${row.not_before.slice(0, 10)} to ${row.not_after.slice(0, 10)}`
  const what = `${environment} ${KIND_WORDS[kind] ?? kind}${which}, ${until}${STATE_WORDS[state]}`
  const end = outcome === undefined ? '' : `: ${outcome}`
  io.print(`${file === undefined ? '' : `${file}: `}${what}, SHA-256 ${sha256.slice(0, 16)}…${end}`)
}
