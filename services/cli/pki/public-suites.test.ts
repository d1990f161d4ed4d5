import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { sharedFolder } from '../../../test/support/shared-data.ts'
import { answerCase, type Answer } from './case.ts'

/** Public suites, by the batch form: what an operator's archive goes through. */
const context = { environment: 'simulator', now: new Date('2026-06-01T03:00:00Z') } as const

function base64Of(...path: readonly string[]): string {
  return readFileSync(join(...path)).toString('base64')
}

/** PEM blocks of a suite's file by label; what is between them is commentary. */
function blocksOf(file: string): Map<string, string> {
  const blocks = readFileSync(file, 'utf8').matchAll(
    /-----BEGIN ([A-Z0-9 ]+)-----([^-]+)-----END \1-----/g,
  )
  return new Map([...blocks].map(([, label = '', body = '']) => [label, body.replace(/\s/g, '')]))
}

interface PkitsCase {
  readonly id: string
  readonly title: string
  readonly certs: readonly string[]
  readonly crls: readonly string[]
  readonly valid: boolean
  readonly initialPolicySet: readonly string[]
  readonly explicitPolicy: boolean
  readonly inhibitMapping: boolean
  readonly inhibitAny: boolean
  readonly time: string
}

const pkits = sharedFolder('suites/pkits')
const pkitsCases =
  pkits === null
    ? []
    : (JSON.parse(readFileSync(join(pkits, 'pkits.json'), 'utf8')) as readonly PkitsCase[])

/** Deviations: valid signatures with DSA, which is not on the list of allowed algorithms. */
const DSA: readonly string[] = ['4.1.4', '4.1.5']

describe.skipIf(pkits === null)('NIST PKITS', () => {
  const answer = (one: PkitsCase, profile: string): Answer => {
    const certificates = one.certs.map((name) => base64Of(pkits ?? '', 'certs', `${name}.crt`))
    return answerCase(
      {
        task: 'path',
        profile,
        at: one.time,
        certificate: certificates.at(-1),
        anchors: certificates.slice(0, 1),
        intermediates: certificates.slice(1, -1).toReversed(),
        crls: one.crls.map((name) => base64Of(pkits ?? '', 'crls', `${name}.crl`)),
        policies: one.initialPolicySet,
        explicitPolicy: one.explicitPolicy,
        inhibitMapping: one.inhibitMapping,
        inhibitAnyPolicy: one.inhibitAny,
      },
      context,
    )
  }

  test.each(pkitsCases.map((one) => [one.title, one] as const))('%s', (_, one) => {
    const { indication, subIndication } = answer(one, 'rfc5280')
    if (DSA.includes(one.id)) {
      expect({ indication, subIndication }).toEqual({
        indication: 'INDETERMINATE',
        subIndication: 'CRYPTO_CONSTRAINTS_FAILURE',
      })
      return
    }
    expect(indication === 'PASSED').toBe(one.valid)
  })

  test('every case comes out alike under the profile for test files', () => {
    const differing = pkitsCases.filter(
      (one) => answer(one, 'vectors').indication !== answer(one, 'rfc5280').indication,
    )
    expect(differing.map(({ id }) => id)).toEqual([])
  })

  test('none of it is a certificate of JPKI', () => {
    const taken = pkitsCases.filter((one) => answer(one, 'jpki').indication === 'PASSED')
    expect(taken.map(({ id }) => id)).toEqual([])
  })
})

const crls = sharedFolder('suites/crl')
const crlFiles = crls === null ? [] : readdirSync(crls).filter((file) => file.endsWith('.pem'))
const STATUS_OF_PREFIX: Readonly<Record<string, string>> = {
  good: 'GOOD',
  revoked: 'REVOKED',
  bad: 'UNKNOWN',
}

describe.skipIf(crls === null)('BoringSSL crl_unittest', () => {
  test.each(crlFiles)('%s', (file) => {
    const blocks = blocksOf(join(crls ?? '', file))
    const { status } = answerCase(
      {
        task: 'crl',
        profile: 'vectors',
        at: '2017-03-09T00:00:00Z',
        maxAgeDays: 7,
        certificate: blocks.get('CERTIFICATE'),
        issuers: ['CA CERTIFICATE', 'CA CERTIFICATE 2'].flatMap((label) => blocks.get(label) ?? []),
        crls: [blocks.get('CRL')],
      },
      context,
    )
    expect(status).toBe(STATUS_OF_PREFIX[file.split('_')[0]?.replace('.pem', '') ?? ''])
  })

  test('without the profile for test files every status is unknown: keys of 1024 bits', () => {
    const statuses = crlFiles.map((file) => {
      const blocks = blocksOf(join(crls ?? '', file))
      return answerCase(
        {
          ...{ task: 'crl', profile: 'rfc5280', at: '2017-03-09T00:00:00Z' },
          certificate: blocks.get('CERTIFICATE'),
          issuers: [blocks.get('CA CERTIFICATE')],
          crls: [blocks.get('CRL')],
        },
        context,
      ).status
    })
    expect(new Set(statuses)).toEqual(new Set(['UNKNOWN']))
  })
})

const ocsp = sharedFolder('suites/ocsp')
const expected =
  ocsp === null
    ? { cases: {} }
    : (JSON.parse(readFileSync(join(ocsp, 'expected.json'), 'utf8')) as {
        readonly cases: Readonly<Record<string, { readonly status: string }>>
      })

describe.skipIf(ocsp === null)('BoringSSL ocsp_unittest', () => {
  const answer = (file: string, profile: string): Answer => {
    const blocks = blocksOf(join(ocsp ?? '', file))
    return answerCase(
      {
        ...{ task: 'ocsp', profile, at: '2017-03-05T00:00:00Z', maxAgeDays: 7 },
        certificate: blocks.get('CERTIFICATE'),
        issuers: [blocks.get('CA CERTIFICATE')],
        ocsp: [blocks.get('OCSP RESPONSE')],
      },
      context,
    )
  }

  test.each(Object.entries(expected.cases))('%s', (file, { status }) => {
    expect(answer(file, 'vectors').status).toBe(status)
  })

  test('without the profile for test files no response is taken: they are signed with SHA-1', () => {
    const taken = Object.keys(expected.cases).filter(
      (file) => answer(file, 'rfc5280').status !== 'UNKNOWN',
    )
    expect(taken).toEqual([])
  })
})

interface Vectors {
  readonly testGroups: readonly {
    readonly publicKeyDer: string
    readonly tests: readonly {
      readonly tcId: number
      readonly msg: string
      readonly sig: string
      readonly result: 'valid' | 'invalid' | 'acceptable'
    }[]
  }[]
}

const wycheproof = sharedFolder('suites/wycheproof')

describe.skipIf(wycheproof === null)('Wycheproof', () => {
  const mismatches = (file: string, algorithm: string, encoding: string, profile: string) => {
    const text = readFileSync(join(wycheproof ?? '', file), 'utf8')
    const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64')
    return (JSON.parse(text) as Vectors).testGroups.flatMap(({ publicKeyDer, tests }) =>
      tests.flatMap(({ tcId, msg, sig, result }) => {
        const { indication } = answerCase(
          {
            ...{ task: 'signature', profile, algorithm, encoding, spki: base64(publicKeyDer) },
            ...{ message: base64(msg), signature: base64(sig) },
          },
          context,
        )
        // Deviation: `acceptable` is a DigestInfo without NULL, which is not accepted here.
        return (indication === 'PASSED') === (result === 'valid') ? [] : [{ tcId, publicKeyDer }]
      }),
    )
  }

  test.each([
    ['ecdsa_secp256r1_sha256_test.json', 'ecdsa-with-SHA256', 'der'],
    ['ecdsa_secp256r1_sha256_p1363_test.json', 'ES256', 'p1363'],
  ])('%s: every verdict is the expected one', (file, algorithm, encoding) => {
    expect(mismatches(file, algorithm, encoding, 'rfc5280')).toEqual([])
  })

  test('rsa_signature_2048_sha256_test.json: every verdict is the expected one', () => {
    const found = mismatches('rsa_signature_2048_sha256_test.json', 'RS256', 'der', 'vectors')
    expect(found).toEqual([])
  })

  // Deviation: keys with e = 3, which are refused before any signature is looked at.
  test('without the profile for test files keys with e = 3 alone are refused', () => {
    const found = mismatches('rsa_signature_2048_sha256_test.json', 'RS256', 'der', 'rfc5280')
    expect(found.filter(({ publicKeyDer }) => !publicKeyDer.endsWith('020103'))).toEqual([])
    expect(found).not.toEqual([])
  })
})
