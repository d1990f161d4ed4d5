import { createPublicKey, sign, verify } from 'node:crypto'
import { verifyCms } from '../services/jpki/cms/verify-cms.ts'
import { buildCms } from '../test/pki/cms.ts'
import { authority, card, JPKI, RULES } from '../test/pki/documents.ts'
import { MESSAGE, NOW } from '../test/pki/issue.ts'
import { compare, type Row } from './measure.ts'

/**
 * A document of 20 kB that a card signed: read, digested, its certificate chained and held against its profile, the signature
 * verified. Floor: the two signature checks nobody can avoid, with keys at hand.
 */
export function benchCms(): Row {
  const cms = buildCms(card, { content: new Uint8Array(20_000).fill(7) })
  const question = {
    cms,
    anchors: [authority.anchor],
    tsaAnchors: [],
    intermediates: [],
    revocation: 'not-checked',
    rules: RULES,
    at: NOW,
    profile: JPKI,
  } as const
  const prove = (): string => verifyCms(question).verdict.indication
  if (prove() !== 'PASSED') throw new Error('the bench’s own document is refused')

  const cardKey = createPublicKey(card.key.privateKey)
  const issuerKey = createPublicKey(authority.key.privateKey)
  const signature = new Uint8Array(sign('sha256', MESSAGE, card.key.privateKey))
  const certificateSignature = new Uint8Array(sign('sha256', card.der, authority.key.privateKey))
  return compare({
    name: 'one signed document (CMS) of 20 kB: digest, chain, signature, RSA-2048',
    floorName: '2 × crypto.verify, keys at hand',
    floor: () =>
      verify('sha256', MESSAGE, cardKey, signature) &&
      verify('sha256', card.der, issuerKey, certificateSignature),
    ours: prove,
    target: '≤ 2×',
  })
}
