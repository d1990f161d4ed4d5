import { parseSignedData } from '../../services/jpki/cms/signed-data.ts'
import { parseTimeStampInfo } from '../../services/jpki/cms/time-stamp-info.ts'
import { verifyTimeStamp } from '../../services/jpki/cms/verify-time-stamp.ts'
import { CONTENT_TYPE } from '../../services/jpki/oids.ts'
import { toHex } from '../../services/kernel/bytes.ts'
import { attempt, must, readsAlike, type FuzzTarget } from './target.ts'
import { buildCms, buildToken, DOCUMENT, signingCertificate } from '../pki/cms.ts'
import { generalizedTime, octets, text } from '../pki/encode.ts'
import { extension, hoursFromNow, NOW } from '../pki/issue.ts'
import { general } from '../pki/issue-path.ts'
import {
  authority,
  card,
  list,
  RFC5280,
  RULES,
  stamper,
  stampingList,
  tsa,
  verify,
} from '../pki/documents.ts'
import { checkVerdict } from './verdict-shape.ts'

const MAX_CONTENT = 64 * 1024
const documents = [
  buildCms(card),
  buildCms(card, { byKeyId: true, certificates: [card.der, authority.certificate] }),
  buildCms(card, { bend: (own) => [...own, signingCertificate([card.der])], digest: 'sha512' }),
  buildCms(card, {
    timeStamps: (signature) => [buildToken(stamper, signature, { genTime: hoursFromNow(-2) })],
  }),
  buildCms(card, { detached: true, revocation: [octets(DOCUMENT)] }),
]

/** What a signature covers: the attributes as signed, the value, and the content. */
function signedPart(der: Uint8Array, contentType: string): string | null {
  const read = attempt(() => parseSignedData(der, { contentType, maximumContent: MAX_CONTENT }))
  if (read === null) return null
  const { signedBytes, signature } = read.signer
  return [signedBytes, signature, read.content ?? DOCUMENT].map(toHex).join()
}

const signedDocuments = new Set(documents.map((der) => signedPart(der, CONTENT_TYPE.data)))
const lists = [stampingList(NOW)]
const revocation = { crls: [list(), ...lists], responses: [] }
const stampedOnly = {
  crls: [list({ revoked: [{ serial: card.serial, reason: 1, at: hoursFromNow(-1) }] }), ...lists],
  responses: [],
}

const documentTarget: FuzzTarget = {
  name: 'cms',
  what: 'signed documents (CMS), with and without time-stamps',
  seeds: documents,
  run: (input) => {
    const part = signedPart(input, CONTENT_TYPE.data)
    if (part !== null) {
      const limits = { contentType: CONTENT_TYPE.data, maximumContent: MAX_CONTENT }
      const read = (der: Uint8Array) => parseSignedData(der, limits)
      must(readsAlike(input, read), 'the same message wherever it stands')
    }
    for (const bent of [{ revocation }, { revocation: stampedOnly }, { profile: RFC5280 }]) {
      const { verdict, verified } = verify(input, bent)
      checkVerdict(verdict)
      must(
        (verified !== null) === (verdict.indication === 'PASSED'),
        'something verified if PASSED',
      )
      if (verified === null) continue
      must(signedDocuments.has(part), 'no changed document passes')
      const { content } = verified
      must(
        content instanceof Uint8Array && Buffer.compare(content, DOCUMENT) === 0,
        'the content that was signed',
      )
    }
    const detached = verify(input, { content: DOCUMENT }).verdict
    checkVerdict(detached)
    must(detached.indication !== 'PASSED' || signedDocuments.has(part), 'no changed part passes')
  },
}

const STAMPED = Buffer.from('what existed')
const tokens = [
  buildToken(stamper, STAMPED, { nonce: 7 }),
  buildToken(stamper, STAMPED, {
    rawTime: generalizedTime(hoursFromNow(-1)),
    authority: general.directory([
      ['C', 'JP'],
      ['CN', 'Time-stamping unit 1'],
    ]),
    extensions: [extension('1.2.3.4', false, text('x'))],
    imprintDigest: 'sha512',
  }),
]
const signedTokens = new Set(tokens.map((der) => signedPart(der, CONTENT_TYPE.timeStampInfo)))

const tokenTarget: FuzzTarget = {
  name: 'time-stamp',
  what: 'time-stamp tokens and TSTInfo',
  seeds: [
    ...tokens,
    ...tokens.map(
      (der) =>
        parseSignedData(der, { contentType: CONTENT_TYPE.timeStampInfo, maximumContent: 0 })
          .content ?? der,
    ),
  ],
  run: (input) => {
    const info = attempt(() => parseTimeStampInfo(input))
    if (info !== null) {
      must(!Number.isNaN(info.genTime.getTime()), 'a time that exists')
      must(info.accuracy >= 0 && Number.isFinite(info.accuracy), 'an accuracy')
      must(readsAlike(input, parseTimeStampInfo), 'the same token wherever it stands')
    }
    const { verdict, verified } = verifyTimeStamp({
      ...{ token: input, stamped: STAMPED, anchors: [tsa.anchor], intermediates: [] },
      ...{ revocation: { crls: lists, responses: [] }, rules: RULES, at: NOW },
    })
    checkVerdict(verdict)
    must((verified !== null) === (verdict.indication === 'PASSED'), 'something verified if PASSED')
    if (verified === null) return
    must(signedTokens.has(signedPart(input, CONTENT_TYPE.timeStampInfo)), 'no changed token passes')
  },
}

export const cmsTargets: readonly FuzzTarget[] = [documentTarget, tokenTarget]
