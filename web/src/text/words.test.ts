import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import studioEn from '../studio/text/en.json'
import studioJa from '../studio/text/ja.json'
import en from './en.json'
import ja from './ja.json'
import { LANGUAGES } from './language.ts'
import { loadTexts } from './texts.ts'
import {
  claimReason,
  errorWords,
  flagName,
  legalBasis,
  levelWords,
  SAME_WORDS,
  valueWords,
} from './words.ts'

beforeAll(async () => {
  await Promise.all(LANGUAGES.map(loadTexts))
})

interface Tree {
  readonly [key: string]: string | Tree
}

function leaves(tree: Tree, at = ''): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'object'
      ? leaves(value, `${at}${key}/`)
      : [[`${at}${key}`, value] satisfies [string, string]],
  )
}

function variables(text: string): string[] {
  return [...text.matchAll(/\{\{(\w+)\}\}/gu)].map(([, name]) => name ?? '').sort()
}

/** Codes and reasons that the services give to the pages. */
const GIVEN = [
  ...['INVALID_INPUT', 'UNAUTHENTICATED', 'PERMISSION_DENIED', 'NOT_FOUND', 'CONFLICT'],
  ...['TOO_MANY_REQUESTS', 'UNAVAILABLE', 'INTERNAL', 'CROSS_SITE_REQUEST', 'CEREMONY_REFUSED'],
  'POLICY_REJECTED',
  ...['FRESH_LOGIN_REQUIRED', 'CHANGE_REFUSED', 'LAST_AUTHENTICATOR', 'CARD_REQUIRED'],
  ...['WRONG_STATE', 'CEREMONY_EXPIRED', 'CEREMONY_ALREADY_USED', 'CEREMONY_OF_ANOTHER_BROWSER'],
  ...['RESPONSE_MALFORMED', 'TYPE_MISMATCH', 'CHALLENGE_MISMATCH', 'ORIGIN_MISMATCH'],
  ...['CROSS_ORIGIN', 'RP_ID_MISMATCH', 'USER_NOT_PRESENT', 'USER_NOT_VERIFIED'],
  ...['BACKUP_FLAGS_INVALID', 'BACKUP_ELIGIBILITY_CHANGED', 'ALGORITHM_NOT_ALLOWED'],
  ...['ATTESTATION_NOT_ACCEPTED', 'SIGNATURE_INVALID', 'CREDENTIAL_EXISTS', 'CREDENTIAL_UNKNOWN'],
  ...['CREDENTIAL_NOT_ALLOWED', 'USER_HANDLE_MISMATCH', 'AUTHENTICATOR_PENDING'],
  ...['AUTHENTICATOR_SUSPENDED', 'AUTHENTICATOR_REVOKED', 'COUNTER_REGRESSED', 'SESSION_ENDED'],
  ...['TOO_MANY_AUTHENTICATORS', 'SUBJECT_MISMATCH', 'PROOF_MISMATCH', 'CHALLENGE_EXPIRED'],
  ...['CHALLENGE_REPLAYED', 'CERTIFICATE_MALFORMED', 'CERTIFICATE_PROFILE'],
  ...['CERTIFICATE_EXPIRED', 'CERTIFICATE_NOT_YET_VALID', 'CERTIFICATE_REVOKED'],
  ...['CERTIFICATE_SUSPENDED', 'WRONG_CERTIFICATE_KIND', 'UNTRUSTED_ISSUER', 'ISSUER_EXPIRED'],
  ...['ATTRIBUTES_UNREADABLE', 'REVOCATION_UNKNOWN', 'LINKAGE_UNAVAILABLE', 'LINKAGE_NOT_READY'],
  ...['LINKAGE_AMBIGUOUS', 'NOT_ENROLLED', 'REFUSED', 'EXPIRED', 'ASSURANCE_UNMET'],
  ...['UNSATISFIABLE', 'REFUSED_BY_PERSON', 'BY_PERSON', 'BY_RELYING_PARTY', 'SUBJECT_ERASED'],
  ...['RECEPTION_TICKET', 'CARD_OF_ANOTHER_PERSON', 'CONSENT_NOT_TAKEN'],
  ...['CONSENT_SERVICE_UNAVAILABLE', 'PERSON_ENDED'],
  ...[
    'RETENTION_ENDED',
    'NETWORK',
    'PAGE_NOT_LOADED',
    'MALFORMED_ANSWER',
    'PASSKEY_CANCELLED',
    'PASSKEY_FAILED',
  ],
  ...['PASSKEY_UNSUPPORTED', 'PASSKEY_ALREADY_REGISTERED', 'PASSKEY_OF_THIS_DEVICE'],
  'PASSKEY_WRONG_SITE',
  ...['CONSENT_DOCUMENT_MISMATCH', 'CARD_SIGNATURE_INVALID', 'SESSION_EXPIRED', 'STATUS_UNKNOWN'],
]

describe.each([
  ['the texts', ja, en],
  ['the texts of authors', studioJa, studioEn],
])('%s', (_, ja, en) => {
  test('have the same keys in both languages', () => {
    expect(leaves(en).map(([key]) => key)).toEqual(leaves(ja).map(([key]) => key))
  })

  test('take the same values in both languages, and none is empty', () => {
    const english = new Map(leaves(en))
    for (const [key, text] of leaves(ja)) {
      expect(text.trim(), key).not.toBe('')
      expect(english.get(key)?.trim(), key).not.toBe('')
      expect(variables(english.get(key) ?? ''), key).toEqual(variables(text))
    }
  })
})

describe('errorWords', () => {
  test.each(GIVEN)('has words of its own for %s in both languages', (code) => {
    for (const language of LANGUAGES) {
      const words = errorWords(language, [code])
      expect(words.unknown).toBe(false)
      expect(words.what).not.toBe(errorWords(language, ['NO_SUCH_CODE']).what)
    }
  })

  test('every code that shares the words of another names one that has words', () => {
    for (const target of Object.values(SAME_WORDS)) expect(ja.errors).toHaveProperty(target)
  })

  test('a confirmation that was used up is to be made again, not begun anew at the service', () => {
    for (const language of LANGUAGES) {
      const words = errorWords(language, ['CEREMONY_ALREADY_USED', 'CEREMONY_REFUSED'])
      expect(words.unknown).toBe(false)
      expect(words.next).not.toBe(errorWords(language, ['CEREMONY_EXPIRED']).next)
    }
  })

  test('prefers the reason to the code', () => {
    const words = errorWords('en', ['AUTHENTICATOR_SUSPENDED', 'CEREMONY_REFUSED'])
    expect(words.what).toBe(en.errors.AUTHENTICATOR_SUSPENDED.what)
  })

  test('falls back to the code when there is no reason', () => {
    for (const reason of [undefined, null])
      expect(errorWords('ja', [reason, 'CONFLICT'])).toEqual({
        ...ja.errors.CONFLICT,
        unknown: false,
      })
  })

  test('falls back to the code when the reason is unknown, and has the reason shown', () => {
    expect(errorWords('ja', ['NEWER_THAN_THIS_PAGE', 'CONFLICT'])).toEqual({
      ...ja.errors.CONFLICT,
      unknown: true,
    })
  })

  test('a failure without any known code is never passed off as a known one', () => {
    expect(errorWords('en', ['NEWER_THAN_THIS_PAGE', 'UNKNOWN']).unknown).toBe(true)
    expect(errorWords('en', ['UNKNOWN']).unknown).toBe(true)
    expect(errorWords('en', []).unknown).toBe(true)
  })

  test('gives general words and says so when no code is known', () => {
    fc.assert(
      fc.property(fc.string(), (code) => {
        fc.pre(!Object.hasOwn(ja.errors, code) && !Object.hasOwn(SAME_WORDS, code))
        expect(errorWords('en', [code])).toEqual({ ...en.errors.UNKNOWN, unknown: true })
      }),
    )
  })

  test.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])(
    'finds nothing under the inherited name %s',
    (code) => {
      expect(errorWords('ja', [code]).unknown).toBe(true)
    },
  )
})

describe('levelWords', () => {
  test('says a known level in plain words and keeps the label of the standard', () => {
    expect(levelWords('en', { framework: 'nist-800-63A-4', axis: 'IAL', level: 'IAL2' })).toEqual({
      axis: 'How well your identity is verified',
      level: 'Identity verified with an official certificate',
      technical: 'NIST SP 800-63A-4 IAL2',
    })
  })

  test('shows no code of ours where nothing is verified', () => {
    for (const language of LANGUAGES) {
      const level = { framework: 'nist-800-63A-4', axis: 'IAL', level: 'no_ial' }
      expect(Object.values(levelWords(language, level)).join(' ')).not.toContain('no_ial')
      expect(levelWords(language, level).technical).toBe('NIST SP 800-63A-4')
    }
  })

  test('names the axis where the level alone does not', () => {
    const words = levelWords('ja', { framework: 'meti-idtf-2016', axis: 'proofing', level: '1+' })
    expect(words.technical).toBe('METI IDTF 2016 proofing 1+')
  })

  test.each([
    { framework: 'gpg45', axis: 'confidence', level: 'high' },
    { framework: 'nist-800-63A-4', axis: 'XAL', level: 'XAL9' },
    { framework: 'max_age', axis: 'name', level: '0' },
    { framework: 'constructor', axis: 'name', level: 'length' },
  ])('shows $framework $axis $level as it is', (level) => {
    expect(levelWords('ja', level)).toEqual({
      axis: `${level.framework} ${level.axis}`,
      level: level.level,
      technical: '',
    })
  })

  test('shows a level that the axis does not know as it is', () => {
    const level = { framework: 'nist-800-63A-4', axis: 'IAL', level: 'IAL9' }
    expect(levelWords('en', level).level).toBe('IAL9')
  })

  test('says that a level cannot be told', () => {
    const level = { framework: 'nist-800-63A-4', axis: 'IAL', level: 'indeterminate' }
    expect(levelWords('en', level).level).toBe(en.levelWords.indeterminate)
  })

  test.each([
    ['true', ja.levelWords.met],
    ['phishing_resistant', ja.levelWords.met],
    ['false', ja.levelWords.unmet],
    ['none', ja.levelWords.unmet],
    ['indeterminate', 'indeterminate'],
  ])('says of a flag at %s: %s', (level, words) => {
    const flag = { framework: '', axis: 'flag:phishing_resistant', level }
    expect(levelWords('ja', flag)).toMatchObject({
      axis: ja.flags.phishing_resistant,
      level: words,
    })
  })

  test.each([
    ['300', '5 minutes'],
    ['301', '6 minutes'],
    ['none', en.levelWords.stale_login],
    ['long ago', 'long ago'],
  ])('says an age of %s as %s', (level, words) => {
    expect(levelWords('en', { framework: '', axis: 'max_age', level }).level).toBe(words)
  })

  test('has words for both languages for the same levels', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (framework, axis, level) => {
        for (const language of LANGUAGES)
          expect(levelWords(language, { framework, axis, level }).level).toBeTypeOf('string')
      }),
    )
  })
})

test('flags, reasons, grounds and values that are not known are shown as they are', () => {
  for (const language of LANGUAGES) {
    expect(flagName(language, 'toString')).toBe('toString')
    expect(claimReason(language, 'NEW_REASON')).toBe('NEW_REASON')
    expect(legalBasis(language, '民法 第1条')).toBe('民法 第1条')
    expect(valueWords(language, 'name', 'male')).toBe('male')
    expect(valueWords(language, 'gender', 'other')).toBe('other')
  }
})

test('known ones are put into words', () => {
  expect(claimReason('en', 'STALE')).toBe(en.claimReasons.STALE)
  expect(legalBasis('en', 'consent')).toBe('Your consent')
  expect(legalBasis('en', '犯罪による収益の移転防止に関する法律 第4条')).toContain('Article 4')
  expect(valueWords('ja', 'gender', 'female')).toBe('女')
})
