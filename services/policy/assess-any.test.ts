import { describe, expect, test } from 'vitest'
import { assessAny, vectorOfTrust } from './assess-any.ts'
import { PolicyStore } from './policy-store.ts'
import type { CeremonyFacts, Minimum } from './ports.ts'
import type { StoredFact } from './subject-facts.ts'

const policy = new PolicyStore().library.policyOf('watashi-default')
const AT = new Date('2026-06-01T00:00:00Z')

const PROOFED: StoredFact = {
  kind: 'proofing',
  proofingId: 'p1',
  facts: {
    proofing: { id: 'p1', channel: 'remote_unattended', at: '2026-05-01T00:00:00Z' },
    evidence: [{ id: 'e1', kind: 'jpki_sign_cert', cls: 'pki_cert' }],
    checks: [
      { type: 'authentic', on: 'e1', method: 'crypto', anchor: 'JLIS' },
      { type: 'status', on: 'e1', at: '2026-05-01T00:00:00Z', result: 'good' },
      { type: 'signed', on: 'e1', payload: 'application', valid: true },
      { type: 'match', on: 'e1', scope: 'core', source: 'signed_attributes' },
      { type: 'holder', on: 'e1', method: 'pin' },
    ],
  },
}

function passkey(uv: boolean): CeremonyFacts {
  const possession = { phishing_resistant: true, replay_resistant: true, intent: true }
  const factor = { type: 'mf_crypto', uv, exportable: true, be: true, ...possession }
  return { auth: { factors: [factor] }, authenticatedAt: AT, lastActiveAt: AT }
}

/** What is told to a service that asks for these vectors, best first, and has no floor. */
function answer(vtr: readonly string[], known: readonly StoredFact[], ceremony?: CeremonyFacts) {
  const nothing: Minimum = { axes: [], flags: [] }
  const { vectors } = policy.readMinimum({ ...nothing, vectors: vtr })
  const anyOf = vectors.map(({ vector, minimums }) => ({
    vector,
    axes: minimums.flatMap(({ axes }) => axes),
    flags: minimums.flatMap(({ flags }) => flags),
  }))
  const minimum = { ...nothing, ...(anyOf.length > 0 && { anyOf }) }
  const question = { subjectRef: 's', at: AT, minimum, ...(ceremony && { ceremony }) }
  const { held, levels, shortfalls } = assessAny(policy, known, question)
  return {
    held: 'vector' in held ? held.vector : undefined,
    told: levels.map(({ axis, level }) => `${axis} ${level}`),
    remedies: shortfalls.map(({ remedy }) => remedy),
    vector: vectorOfTrust(policy, known, question, levels),
  }
}

describe('of several vectors', () => {
  test('the first that is met counts, and a later one is not looked at', () => {
    const { held, told, remedies, vector } = answer(['Pb.C2', 'C1'], [PROOFED], passkey(true))
    expect({ held, told, remedies }).toEqual({
      held: 'Pb.C2',
      told: ['IAL IAL2', 'AAL AAL2'],
      remedies: [],
    })
    expect(vector).toEqual({
      vot: 'P1.P2.Pb.C1.C2.Ce.Mb.At',
      trustmark: '/trustmarks/watashi/1.0.0',
    })
    expect(answer(['C1', 'Pb.C2'], [PROOFED], passkey(true))).toMatchObject({
      held: 'C1',
      told: ['AAL AAL2'],
    })
  })

  test('one that is passed over tells of its axes, which is told and shown too', () => {
    const { held, told, vector } = answer(['Pc', 'C1'], [PROOFED], passkey(false))
    expect(held).toBe('C1')
    expect(told).toEqual(['AAL AAL1', 'IAL IAL2'])
    expect(vector?.vot).toBe('P1.P2.Pb.C1.Ce.Mb.At')
  })

  test('an identity that was not asked for is in no answer', () => {
    const { told, vector } = answer(['C2'], [PROOFED], passkey(true))
    expect(told).toEqual(['AAL AAL2'])
    expect(vector?.vot).toBe('P1.C1.C2.Ce.Mb.At')
  })

  test('where none is met the first within reach says what to do', () => {
    const { held, remedies } = answer(['Pc.C3', 'Pb.C2'], [PROOFED], passkey(false))
    expect({ held, remedies }).toEqual({
      held: 'Pb.C2',
      remedies: ['log_in_with_user_verification'],
    })
  })

  test('where none is within reach the first of all is what is missing', () => {
    const { held, remedies } = answer(['Pc', 'Pc.C1'], [PROOFED], passkey(true))
    expect({ held, remedies }).toEqual({ held: 'Pc', remedies: ['none'] })
  })

  test('nobody who is logged in has a value of a login, whatever is known of the person', () => {
    const { told, vector } = answer(['Pb.Ce'], [PROOFED])
    expect(told).toEqual(['IAL IAL2', 'AAL none'])
    expect(vector?.vot).toBe('P2.Pb.At')
  })
})

test('every vector that counts as met is contained in the vector of the answer', () => {
  const vectors = [
    'P1',
    'P2',
    'Pb',
    'Pc',
    'C1',
    'C2',
    'C3',
    'Ce',
    'Cf',
    'Mb',
    'At',
    'Pb.Cf',
    'P2.Ce',
  ]
  for (const known of [[], [PROOFED]])
    for (const ceremony of [undefined, passkey(false), passkey(true)])
      for (const wanted of vectors) {
        const { remedies, vector } = answer([wanted], known, ceremony)
        const has = new Set(vector?.vot.split('.'))
        expect(wanted.split('.').every((value) => has.has(value))).toBe(remedies.length === 0)
      }
})
