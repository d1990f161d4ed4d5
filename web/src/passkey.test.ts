import { WebAuthnError } from '@simplewebauthn/browser'
import { expect, test } from 'vitest'
import { checkSigned, passkeyFailure } from './passkey.ts'

function thrown(name: string): Error {
  return Object.assign(new Error('x'), { name })
}

test.each([
  ['a refusal or a timeout', thrown('NotAllowedError'), 'PASSKEY_CANCELLED'],
  ['an abort', thrown('AbortError'), 'PASSKEY_CANCELLED'],
  ['anything else of the browser', thrown('UnknownError'), 'PASSKEY_FAILED'],
  ['what is no error', 'no error', 'PASSKEY_FAILED'],
])('%s gets its code', (_what, error, code) => {
  expect(passkeyFailure(error)).toMatchObject({ code })
})

test.each([
  ['ERROR_CEREMONY_ABORTED', 'PASSKEY_CANCELLED'],
  ['ERROR_INVALID_RP_ID', 'PASSKEY_WRONG_SITE'],
  ['ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED', 'PASSKEY_ALREADY_REGISTERED'],
  ['ERROR_AUTHENTICATOR_MISSING_USER_VERIFICATION_SUPPORT', 'PASSKEY_UNSUPPORTED'],
  ['ERROR_AUTHENTICATOR_GENERAL_ERROR', 'PASSKEY_FAILED'],
] as const)('%s of the library becomes %s', (from, code) => {
  const cause = thrown('SomeError')
  const error = new WebAuthnError({ message: 'x', code: from, cause })
  expect(passkeyFailure(error)).toMatchObject({ code })
})

// The digests were made with another program: printf %s TEXT | openssl dgst -sha256 -binary | basenc --base64url
const DOCUMENT = '{"purpose":"本人確認"}'
const DIGEST = 'zJaaNxqvHj8Y79MOkFC0mO0ucAN0kJ-IPz0AYJq9bVo'

test('a challenge that is the digest of the document is signed', async () => {
  await expect(checkSigned(DOCUMENT, DIGEST)).resolves.toBeUndefined()
  await expect(
    checkSigned('', '47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU'),
  ).resolves.toBeUndefined()
})

test('a challenge over anything else is refused', async () => {
  for (const [text, signed] of [
    [`${DOCUMENT} `, DIGEST],
    [DOCUMENT, `${DIGEST}=`],
    [DOCUMENT, ''],
  ] as const)
    await expect(checkSigned(text, signed)).rejects.toMatchObject({
      code: 'CONSENT_DOCUMENT_MISMATCH',
    })
})
