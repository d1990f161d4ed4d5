import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Json } from './canonical-json.ts'
import { checkOwnFacts, createFactsValidator } from './facts-check.ts'

const schema = JSON.parse(
  readFileSync(new URL('../../policies/facts.schema.json', import.meta.url), 'utf8'),
) as { readonly [key: string]: Json }
const validator = createFactsValidator(schema)

const AT = '2026-11-26T09:00:00.000Z'
const auth = { at: AT, factors: [{ type: 'mf_crypto', phishing_resistant: true }] }
const binding = { authenticator: 'a', at: AT, method: 'proofing_session', proofing_id: 'p' }
const check = { type: 'status', on: 'e1', at: AT, result: 'good', method: 'crl' }

describe('facts of our own', () => {
  test('pass as the part they are', () => {
    checkOwnFacts(validator, auth, 'auth')
    checkOwnFacts(validator, binding, 'bindingRecord')
    checkOwnFacts(validator, check, 'check_status')
    checkOwnFacts(validator, { auth }, 'whole')
  })

  test.each([
    ['auth', { ...auth, level: 'AAL2' }],
    ['auth', { ...auth, factors: [{ type: 'mf_cripto' }] }],
    ['auth', { ...auth, at: 'yesterday' }],
    ['auth', null],
    ['bindingRecord', { ...binding, authenticator: 7 }],
    ['bindingRecord', { authenticator: 'a' }],
    ['check_status', { ...check, result: 'fine' }],
    ['whole', { auth: { ...auth, at: 'yesterday' } }],
  ] as const)('are refused as our fault: %s %j', (part, facts) => {
    expect(() => checkOwnFacts(validator, facts, part)).toThrow(
      expect.objectContaining({ code: 'FACTS_REFUSED' }),
    )
  })

  test('are refused without the value that was wrong', () => {
    const canary = 'canary-5d1e'
    for (const facts of [
      { ...auth, at: canary },
      { ...auth, factors: [{ type: canary }] },
    ]) {
      expect(() => checkOwnFacts(validator, facts, 'auth')).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining(canary) as string }),
      )
    }
  })

  test('a mistake of the caller is not taken for bad facts', () => {
    const part = () => {
      throw new TypeError('broken')
    }
    const broken = { ...validator, part }
    expect(() => checkOwnFacts(broken, auth, 'auth')).toThrow(TypeError)
  })
})
