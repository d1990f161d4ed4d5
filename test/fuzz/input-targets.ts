import { Readable } from 'node:stream'
import { FILE, readObjects } from '../../services/cli/pki/der-files.ts'
import { readInstant } from '../../services/cli/pki/instants.ts'
import type { PkiIo } from '../../services/cli/pki/pki-io.ts'
import { runCases } from '../../services/cli/pki/run-cases.ts'
import {
  decodeRevocationTarget,
  encodeRevocationTarget,
} from '../../services/jpki/revocation-target.ts'
import { parseCertificate } from '../../services/jpki/certificate.ts'
import {
  fromBase64,
  fromBase64Url,
  fromHex,
  toBase64,
  toBase64Url,
  toHex,
} from '../../services/kernel/bytes.ts'
import { encodePem, pemBlocks } from '../../services/kernel/pem.ts'
import { mutateBytes } from '../mutation/mutate.ts'
import type { RandomNumbers } from '../mutation/random.ts'
import { buildCms } from '../pki/cms.ts'
import { NOW, issueCrl, issueOcspResponse } from '../pki/issue.ts'
import { card, certificates, login, logging, signing } from './corpus.ts'
import { attempt, must, mutateOctets, type FuzzTarget, type Mutate } from './target.ts'

const list = issueCrl(signing)
const answer = issueOcspResponse(logging, {})

function pkiIo(bytes: Uint8Array, print: (line: string) => void): PkiIo {
  return {
    print,
    complain: print,
    clock: { now: () => NOW },
    readBytes: () => bytes,
    readChunks: () => Readable.from([bytes]),
    environment: 'simulator',
  }
}

const pemTarget: FuzzTarget = {
  name: 'pem',
  what: 'PEM, and files of certificates, CRLs and OCSP responses',
  seeds: [
    ...certificates().slice(0, 4),
    Buffer.from(
      certificates()
        .slice(0, 2)
        .map((der) => encodePem('CERTIFICATE', der))
        .join('\n'),
    ),
    Buffer.from(`a comment\n${encodePem('X509 CRL', list)}${encodePem('OCSP RESPONSE', answer)}`),
  ],
  mutate: (input, random) =>
    random.chance(0.2) ? withMarks(input, random) : mutateBytes(input, random),
  run: (input) => {
    for (const kind of Object.values(FILE)) {
      const objects = attempt(() =>
        readObjects(
          ['file'],
          kind,
          pkiIo(input, () => undefined),
        ),
      )
      must(objects === null || objects.length > 0, 'an object at least, or a refusal')
    }
    for (const { label, base64 } of pemBlocks(Buffer.from(input).toString('latin1'))) {
      const der = attempt(() => fromBase64(base64))
      if (der === null) continue
      const [again] = pemBlocks(encodePem(label, der))
      must(again?.label === label && again.base64 === base64, 'the same block written again')
    }
  },
}

const MARKS = ['-----BEGIN ', '-----END ', '-----', 'CERTIFICATE', 'X509 CRL', '\n', ' ', '='].map(
  (text) => Buffer.from(text),
)

/** Puts pieces of the textual encoding where they do not belong, some of them very often. */
function withMarks(input: Uint8Array, random: RandomNumbers): Uint8Array {
  const at = random.below(input.length + 1)
  const count = random.chance(0.1) ? 1 + random.below(4000) : 1
  const marks = Array.from({ length: count }, () => random.pick(MARKS))
  return Buffer.concat([input.subarray(0, at), ...marks, input.subarray(at)])
}

const common = { id: 1, at: NOW.toISOString(), profile: 'rfc5280' }
const base64 = (bytes: Uint8Array): string => toBase64(bytes)
const caseSeeds = [
  {
    ...common,
    task: 'path',
    certificate: base64(card.der),
    anchors: [base64(signing.certificate)],
    crls: [base64(list)],
    policies: ['2.5.29.32.0'],
    explicitPolicy: true,
    maxAgeDays: 7,
  },
  {
    ...common,
    task: 'crl',
    certificate: base64(card.der),
    issuers: [base64(signing.certificate)],
    crls: [base64(list)],
  },
  {
    ...common,
    task: 'ocsp',
    certificate: base64(login.der),
    issuers: [base64(logging.certificate)],
    ocsp: [base64(answer)],
  },
  {
    ...common,
    task: 'signature',
    spki: base64(card.key.spki),
    algorithm: 'RS256',
    message: 'AAAA',
    signature: base64(new Uint8Array(256)),
    encoding: 'p1363',
  },
  {
    ...common,
    task: 'cms',
    profile: 'jpki',
    cms: base64(buildCms(card)),
    content: null,
    anchors: [base64(signing.certificate)],
  },
].map((one) => new Uint8Array(Buffer.from(JSON.stringify(one))))

const ODD: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1e308, 1.5, '', 'x', '2026-02-30', '2026-06-01', [], {}, ['']],
  ...[[null], [[]], 'AAAA', 'AA==', 'A', '2.5.29.32.0', '__proto__', 'constructor', 'path', 'cms'],
  ...['jpki', 'rfc5280', 'vectors', 'der', 'PS512', 'sha-512', Array<string>(1025).fill('')],
]

const mutateCase: Mutate = (input, random) => {
  if (random.chance(0.2)) return mutateBytes(input, random)
  let fields: unknown
  try {
    fields = JSON.parse(Buffer.from(input).toString('utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) return random.pick(caseSeeds)
    throw error
  }
  if (typeof fields !== 'object' || fields === null) return random.pick(caseSeeds)
  const key = random.pick([...Object.keys(fields), 'noRevocation', '__proto__', 'encoding'])
  const value = random.chance(0.6) ? random.pick(ODD) : otherBytes(fields, key, random)
  const entries = Object.entries(fields).filter(([name]) => name !== key)
  return Buffer.from(JSON.stringify(Object.fromEntries([...entries, [key, value]])))
}

function otherBytes(fields: object, key: string, random: RandomNumbers): unknown {
  const value: unknown = Reflect.get(fields, key)
  const one: unknown = Array.isArray(value) ? value[0] : value
  if (typeof one !== 'string') return random.pick(ODD)
  const changed = base64(mutateBytes(Buffer.from(one, 'base64'), random))
  return Array.isArray(value) ? [changed] : changed
}

const caseTarget: FuzzTarget = {
  name: 'case',
  what: 'lines of `watashi pki verify --cases`',
  seeds: caseSeeds,
  mutate: mutateCase,
  run: async (input) => {
    const lines: string[] = []
    const code = await runCases(
      'cases',
      pkiIo(input, (line) => lines.push(line)),
    )
    must(code >= 0 && code <= 2, 'no fault of ours')
    for (const line of lines) {
      const outcome = JSON.parse(line) as Record<string, unknown>
      must('id' in outcome, 'an id')
      must('error' in outcome !== 'indication' in outcome, 'an indication or an error')
    }
  },
}

const encodingTarget: FuzzTarget = {
  name: 'encodings',
  what: 'base64, base64url, hexadecimal, instants, kept revocation targets',
  seeds: [
    ...[toBase64, toBase64Url, toHex].map((write) => Buffer.from(write(card.der))),
    Buffer.from('2026-06-01T03:00:00+09:00'),
    Buffer.from('2024-02-29'),
    ...[card, login].map(({ der }) => encodeRevocationTarget(parseCertificate(der))),
  ],
  mutate: mutateOctets,
  run: (input) => {
    const text = Buffer.from(input).toString('latin1')
    for (const [read, write] of TEXT_FORMS) {
      const bytes = attempt(() => read(text))
      must(
        bytes === null || write(bytes) === text.toLowerCase() || write(bytes) === text,
        'one text',
      )
    }
    const instant = attempt(() => readInstant(text, 'at'))
    must(instant === null || !Number.isNaN(instant.getTime()), 'an instant that exists')
    const kept = attempt(() => decodeRevocationTarget(input))
    if (kept === null) return
    must(!Number.isNaN(kept.notBefore.at.getTime()), 'a time that exists')
  },
}

const TEXT_FORMS = [
  [fromBase64, toBase64],
  [fromBase64Url, toBase64Url],
  [fromHex, toHex],
] as const

export const inputTargets: readonly FuzzTarget[] = [pemTarget, caseTarget, encodingTarget]
