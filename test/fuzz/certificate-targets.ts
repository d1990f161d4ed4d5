import { certificateStatus } from '../../services/jpki/certificate-status.ts'
import { parseCertificate, type Certificate } from '../../services/jpki/certificate.ts'
import { crlStatus, parseCrl, verifyCrl } from '../../services/jpki/crl.ts'
import { ocspStatus } from '../../services/jpki/ocsp.ts'
import { parseOcspResponse } from '../../services/jpki/ocsp-response.ts'
import { brokenRule } from '../../services/jpki/path/certificate-rules.ts'
import { checkProfile, familyOf, kindNamed } from '../../services/jpki/profile.ts'
import { importPublicKey } from '../../services/jpki/public-key.ts'
import {
  decodeRevocationTarget,
  encodeRevocationTarget,
} from '../../services/jpki/revocation-target.ts'
import type { RevocationStatus } from '../../services/jpki/revocation.ts'
import { readSubjectAttributes } from '../../services/jpki/subject-attributes.ts'
import { verifyPath, type PathRequest } from '../../services/jpki/verify-path.ts'
import { parseDerTree } from '../mutation/der-tree.ts'
import { mutateDer } from '../mutation/mutate.ts'
import { hostileRequests } from '../pki/hostile.ts'
import { generalizedTime } from '../pki/encode.ts'
import {
  extension,
  hoursFromNow,
  issueCrl,
  issueOcspResponse,
  issueResponder,
  NOW,
} from '../pki/issue.ts'
import { general, issue, issueList, distributionPoints } from '../pki/issue-path.ts'
import { pathRequest } from '../pki/path-request.ts'
import {
  authority,
  card,
  certificates,
  login,
  logging,
  plain,
  root,
  signing,
  target,
} from './corpus.ts'
import { Originals } from './originals.ts'
import { publicBlocks, publicFiles } from './public-files.ts'
import { attempt, joined, must, mutateParts, readsAlike, split, type FuzzTarget } from './target.ts'
import { checkVerdict } from './verdict-shape.ts'

const signedCertificates = new Originals(certificates())

const certificateTarget: FuzzTarget = {
  name: 'certificate',
  what: 'certificates: reader, profile of JPKI, subject attributes, rules of a path',
  seeds: certificates(),
  run: (input) => {
    const certificate = attempt(() => parseCertificate(input))
    judge(pathRequest(plain, [root, ...anchorsOnly], [authority], { certificate: input }))
    judge(pathRequest(plain, [], [], jpkiRequest(input)))
    if (certificate === null) return
    checkReading(certificate, input)
    for (const kind of ['signature', 'authentication'] as const) {
      for (const environment of ['production', 'simulator'] as const) {
        checkProfile(certificate, kind, environment)
      }
    }
    familyOf(certificate)
    kindNamed(certificate.subject)
    readSubjectAttributes(certificate)
    brokenRule(certificate, false)
    attempt(() => importPublicKey(certificate.spki))
  },
}
const anchorsOnly = [{ ...root, der: signing.certificate }]

function jpkiRequest(certificate: Uint8Array): Partial<PathRequest> {
  const anchors = [signing.certificate, logging.certificate]
  return { certificate, anchors, profile: 'jpki' }
}

/** A path passes with certificates alone that somebody really signed. */
function judge(request: PathRequest): void {
  const verdict = verifyPath(request)
  checkVerdict(verdict)
  must(verdict.path.length > 0 === (verdict.indication === 'PASSED'), 'a path when PASSED')
  if (verdict.indication !== 'PASSED') return
  must(signedCertificates.has(request.certificate), 'no changed certificate passes')
}

function checkReading(certificate: Certificate, input: Uint8Array): void {
  must(Buffer.compare(certificate.der, input) === 0, 'a certificate to the end of the input')
  must(readsAlike(input, parseCertificate), 'the same certificate wherever it stands')
  must(
    readsAlike(input, (der) => parseCertificate(der).subject.folded),
    'the same subject wherever it stands',
  )
  const kept = decodeRevocationTarget(encodeRevocationTarget(certificate))
  must(Buffer.compare(kept.serial, certificate.serial) === 0, 'the serial as it was kept')
  must(
    Buffer.compare(kept.issuer.encoding, certificate.issuer.encoding) === 0,
    'the issuer as kept',
  )
  must(kept.notBefore.at.getTime() === certificate.notBefore.at.getTime(), 'the beginning as kept')
}

const SERIALS = [[1], [0x12, 0x34, 0x56, 0x78], [7], [9], [0x7f, 1, 2, 3, 4, 5, 6, 7]].map(
  (octets) => Uint8Array.from(octets),
)
const listed = SERIALS.map((serial, i) => ({ serial, reason: [1, 6, 4, 5, 3][i] ?? 0 }))
const lists = [
  issueCrl(signing),
  issueCrl(signing, { revoked: listed.slice(2) }),
  issueCrl(signing, {
    revoked: listed.map((entry, i) => ({
      ...entry,
      ...(i === 0
        ? { extra: extension('2.5.29.24', false, generalizedTime(hoursFromNow(-30))) }
        : {}),
    })),
  }),
  issueCrl(signing, { town: null }),
  issueList({ issuer: root, revoked: [{ serial: 3 }, { serial: 4, reason: 1 }] }),
  issueList({ issuer: root, scope: { only: 'user' } }),
  issueList({ issuer: root, scope: { name: [general.uri('http://crl.test/1')] } }),
  issueList({ issuer: root, number: 7, base: 5, revoked: [{ serial: 5, reason: 8 }] }),
  issueList({
    issuer: authority,
    scope: { name: [general.uri('http://crl.test/1')], reasons: 0x6000 },
  }),
]
const signedLists = new Originals(lists.map((der) => parseCrl(der).tbs))

const crlTarget: FuzzTarget = {
  name: 'crl',
  what: 'CRLs: reader, index of entries, lists of JPKI, delta lists',
  seeds: [
    ...lists,
    ...publicFiles('suites/pkits/crls', '.crl'),
    ...publicBlocks('suites/crl', 'CRL'),
  ],
  run: (input) => {
    const crl = attempt(() => parseCrl(input))
    if (crl !== null) checkIndex(input, crl.entries)
    const isSigned = crl !== null && signedLists.has(crl.tbs)
    const verified = verifyCrl(input, signing.anchor)
    if (typeof verified !== 'string') {
      must(isSigned, 'no changed list is verified')
      const freshness = { maximumAge: Infinity, clockSkew: 0 }
      const certificate = parseCertificate(card.der)
      checkStatus(crlStatus(verified, { certificate, issuer: signing.anchor, at: NOW, freshness }))
    }
    const status = certificateStatus({
      ...{ certificate: plain.der, issuers: [root.der], crls: [input], ocsp: [] },
      ...{ at: NOW, profile: 'rfc5280', maximumAgeDays: Infinity },
    })
    checkVerdict(status)
    checkStatus(status.revocation)
    must(status.revocation.status === 'unknown' || isSigned, 'no changed list tells a status')
    const base = lists[4] ?? input
    checkVerdict(
      verifyPath(pathRequest(plain, [root], [], { crls: [base, input], checkRevocation: true })),
    )
  },
}

/** The index finds what a plain reading of the list finds. */
function checkIndex(input: Uint8Array, entries: ReturnType<typeof parseCrl>['entries']): void {
  const tbs = parseDerTree(input)?.children?.[0]
  const list = tbs?.children?.filter(({ tag }) => tag === 0x30)[2]
  const serials = list?.children?.map(({ children }) => children?.[0]?.value) ?? []
  must(entries.count === serials.length, 'as many entries as there are')
  for (const serial of serials) {
    if (serial === undefined) continue
    const found = entries.find(serial)
    must(found !== null, 'an entry by its serial')
    must(!Number.isNaN(found?.revokedAt.getTime() ?? Number.NaN), 'a time of revocation')
  }
  must(entries.find(Uint8Array.of(0x6b, 0x6b, 0x6b)) === null, 'no entry that is not there')
}

function checkStatus(status: RevocationStatus): void {
  must(['good', 'revoked', 'suspended', 'unknown'].includes(status.status), 'a status')
  must(status.status !== 'unknown' || status.cause !== undefined, 'a cause of not knowing')
}

const nonce = Uint8Array.from({ length: 16 }, (_, i) => i)
const delegate = issueResponder(logging)
const answers = [
  issueOcspResponse(logging, { nonce }),
  issueOcspResponse(logging, { nonce, delegate }),
  issueOcspResponse(logging, { status: { reason: 1 } }),
  issueOcspResponse(logging, { status: 'unknown', nextUpdate: null }),
  issueOcspResponse(logging, { statuses: ['good', { reason: 6 }] }),
  issueOcspResponse(logging, {
    delegate,
    singleExtensions: [extension('1.3.6.1.4.1.11129.2.4.5', true, generalizedTime(NOW))],
  }),
  issueOcspResponse(logging, { responseStatus: 3 }),
]
const signedAnswers = new Originals(
  answers.flatMap((der) => {
    const response = parseOcspResponse(der)
    return response === null ? [] : [response.tbs]
  }),
)

const ocspTarget: FuzzTarget = {
  name: 'ocsp',
  what: 'OCSP responses: reader, delegates, status',
  seeds: [...answers, ...publicBlocks('suites/ocsp', 'OCSP RESPONSE')],
  run: (input) => {
    const response = attempt(() => parseOcspResponse(input))
    if (response !== null) {
      must(readsAlike(input, parseOcspResponse), 'the same response wherever it stands')
    }
    const certificate = parseCertificate(login.der)
    const common = { certificate, issuer: logging.anchor, at: NOW }
    const freshness = { maximumAge: 86_400_000, clockSkew: 0 }
    for (const sent of [null, nonce]) {
      const status = ocspStatus(input, { ...common, freshness, nonce: sent })
      checkStatus(status)
      if (status.status === 'unknown') continue
      must(response !== null && signedAnswers.has(response.tbs), 'no changed answer tells a status')
    }
  },
}

/** What each part of a request begins with: certificate, anchor, intermediate, list, OCSP answer. */
type Role = 'c' | 'a' | 'i' | 'l' | 'o'

function requestParts(request: PathRequest): Uint8Array {
  const part = (letter: Role, der: Uint8Array): Uint8Array =>
    Buffer.concat([Buffer.from(letter), der])
  return joined(
    part('c', request.certificate),
    ...request.anchors.map((der) => part('a', der)),
    ...request.intermediates.map((der) => part('i', der)),
    ...request.crls.map((der) => part('l', der)),
    ...request.ocsp.map((der) => part('o', der)),
  )
}

function requestOf(input: Uint8Array): Partial<PathRequest> {
  const parts = split(input)
  const of = (letter: Role): Uint8Array[] =>
    parts.filter(([first]) => first === letter.charCodeAt(0)).map((part) => part.subarray(1))
  const [certificate = new Uint8Array()] = of('c')
  return {
    certificate,
    // Who is believed is not for an attacker to say.
    anchors: [root.der, signing.certificate],
    intermediates: [...of('i'), ...of('a')],
    crls: of('l'),
    ocsp: of('o'),
  }
}

const lower = issue('Lower', { issuer: authority, authority: true })
const low = issue('Low target', {
  issuer: issue('Open', { issuer: root, authority: true }),
  extensions: [distributionPoints({ name: [general.uri('http://crl.test/1')] })],
})
const open = issue('Open', { issuer: root, authority: true })
const honest = [
  pathRequest(target, [root], [authority], {
    crls: lists.slice(4),
    initialPolicies: new Set(['1.2.3']),
  }),
  pathRequest(low, [root], [open, authority, lower], {
    crls: [
      issueList({ issuer: root }),
      issueList({ issuer: open, scope: { name: [general.uri('http://crl.test/1')] } }),
    ],
  }),
]
const asked = [...honest, ...hostileRequests().map(({ request }) => request)]
const honestCertificates = new Originals([
  ...[root, authority, target, plain, lower, low, open].map(({ der }) => der),
  ...asked.flatMap(({ certificate, intermediates }) => [certificate, ...intermediates]),
])

const pathTarget: FuzzTarget = {
  name: 'path',
  what: 'path building and validation with sets of certificates, lists and answers',
  seeds: asked.map(requestParts),
  mutate: mutateParts((part, random, others) => {
    const donors = others.map((other) => other.subarray(1))
    const mutant = mutateDer(part.subarray(1), random, donors)
    return Buffer.concat([part.subarray(0, 1), mutant])
  }),
  run: (input) => {
    const checkRevocation = input.length % 2 === 0
    const request = pathRequest(plain, [root], [], {
      ...requestOf(input),
      checkRevocation,
      explicitPolicy: input.length % 3 === 0,
    })
    const verdict = verifyPath(request)
    checkVerdict(verdict)
    if (verdict.indication !== 'PASSED') return
    must(honestCertificates.has(request.certificate), 'no changed target passes')
    must(verdict.path.length > 1, 'a path from the anchor to the target')
  },
}

export const certificateTargets: readonly FuzzTarget[] = [
  certificateTarget,
  crlTarget,
  ocspTarget,
  pathTarget,
]
