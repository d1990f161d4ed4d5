import { describe, expect, test } from 'vitest'
import { buildCms } from '../../test/pki/cms.ts'
import { authority, card } from '../../test/pki/documents.ts'
import { issueAuthority, issueCrl, issueOcspResponse, NOW } from '../../test/pki/issue.ts'
import { issue } from '../../test/pki/issue-path.ts'
import { verifyDocument, type DocumentRequest } from './verify-document.ts'

const good: DocumentRequest = {
  ...{ cms: buildCms(card), content: undefined, anchors: [authority.certificate], tsaAnchors: [] },
  ...{ intermediates: [], crls: [issueCrl(authority)], ocsp: [], checkRevocation: true },
  ...{ at: NOW, profile: 'jpki', maximumAgeDays: Infinity },
}
const revoked = [{ serial: card.serial, reason: 1 }]

describe('a signed document', () => {
  test.each<[string, Partial<DocumentRequest>, string | null]>([
    ['of a card', {}, null],
    ['by the profile for any certificate', { profile: 'rfc5280' }, null],
    ['without lists', { crls: [] }, 'TRY_LATER'],
    ['without lists, and revocation left aside', { crls: [], checkRevocation: false }, null],
    ['by an answer', { crls: [], ocsp: [issueOcspResponse(authority, {})] }, null],
    ['of a card that was revoked', { crls: [issueCrl(authority, { revoked })] }, 'REVOKED_NO_POE'],
    [
      'of other anchors',
      { anchors: [issueAuthority('signature', { generation: 2 }).certificate] },
      'NO_CERTIFICATE_CHAIN_FOUND',
    ],
    [
      'of the other family',
      { anchors: [issueAuthority('authentication').certificate] },
      'NO_CERTIFICATE_CHAIN_FOUND',
    ],
    [
      'of an anchor that is no root of JPKI’s kind',
      { anchors: [issue('Root', { authority: true }).der] },
      'NO_CERTIFICATE_CHAIN_FOUND',
    ],
    [
      'of anchors that cannot be read',
      { anchors: [Uint8Array.of(1)] },
      'NO_CERTIFICATE_CHAIN_FOUND',
    ],
    ['with another content', { content: Uint8Array.of(1) }, 'HASH_FAILURE'],
    ['that is none', { cms: Uint8Array.of(0x30, 0) }, 'FORMAT_FAILURE'],
    [
      'with more lists than are taken',
      { crls: Array<Uint8Array>(257).fill(Uint8Array.of(1)) },
      'TRY_LATER',
    ],
  ])('%s', (_, change, sub) => {
    const verdict = verifyDocument({ ...good, ...change })
    expect(verdict.sub).toBe(sub)
    expect(verdict.indication === 'PASSED').toBe(sub === null)
  })
})
