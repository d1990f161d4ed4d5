import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readPack } from './language/read-pack.ts'
import { Scorer } from './language/score.ts'
import type { Facts } from './language/judged-facts.ts'
import { POLICIES_DIRECTORY, PolicyStore } from './policy-store.ts'

const guide = readFileSync(join(POLICIES_DIRECTORY, 'README.md'), 'utf8')
const [text = ''] = [...guide.matchAll(/^```yaml\n(language: 1\nframework: [^]*?)^```$/gm)].map(
  ([, block]) => block ?? '',
)

describe('the first framework of the authors’ guide', () => {
  const pack = readPack([{ path: 'framework.yaml', text }], new PolicyStore().catalogue)
  const at = Date.parse('2026-06-01T00:00:00Z') / 1000
  const scorer = new Scorer(pack)
  const trust = (facts: Facts) => scorer.score({ axis: 'trust', facts, at }).value
  const signed: Facts = {
    proofing: { channel: 'remote_unattended', at: '2026-05-01T00:00:00Z' },
    evidence: [{ id: 'e1', kind: 'jpki_sign_cert', cls: 'pki_cert' }],
    checks: [
      { type: 'status', on: 'e1', result: 'good' },
      { type: 'signed', on: 'e1', payload: 'application', valid: true },
    ],
  }

  test('answers what it says', () => {
    expect(pack.framework).toBe('town-card')
    expect(trust({})).toBe('none')
    expect(trust({ proofing: { channel: 'face_to_face', at: '2026-05-01T00:00:00Z' } })).toBe(
      'seen',
    )
    expect(trust(signed)).toBe('proven')
    // Whether the certificate still held then was not answered.
    const [, signature] = signed['checks'] as readonly Facts[]
    expect(trust({ ...signed, checks: [signature ?? {}] })).toBe('indeterminate')
  })

  test('bounds what is old, and gives a login only where the user was verified', () => {
    const old = { channel: 'remote_unattended', at: '2010-05-01T00:00:00Z' }
    expect(trust({ ...signed, proofing: old })).toBe('seen')
    const login = (uv: boolean) => {
      const facts = { auth: { factors: [{ type: 'mf_crypto', uv }] } }
      return scorer.score({ axis: 'login', facts, at }).value
    }
    expect([login(true), login(false)]).toEqual(['strong', 'none'])
  })
})
