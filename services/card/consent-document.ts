import { utf8 } from '../kernel/bytes.ts'
import { canonicalJson } from '../kernel/canonical-json.ts'
import { sha256 } from '../kernel/digest.ts'

/** What a person consents to with the purpose `consent`, in both languages. */
export const CONSENT_TEXT = {
  ja: '引っ越しなどで証明書の記載が変わったとき、最新の氏名・住所・生年月日・性別を地方公共団体情報システム機構（J-LIS）から受け取り、あなたの記録を更新することに同意します。この同意は、いつでもウォレットで取り消せます。',
  en: 'When what my certificate says has changed, for example because I moved, my latest name, address, birth date and sex may be fetched from J-LIS to bring my record up to date. I can withdraw this consent in my wallet at any time.',
} as const

/** The document whose digest the card signs (RFC 8785 JSON). Another text is another version, and another consent. */
export const CONSENT_DOCUMENT = canonicalJson({
  type: 'watashi/latest-attributes-consent/v1',
  text: { ...CONSENT_TEXT },
})

/** SHA-256 of the document: stands where the binding hash of a credential stands for other purposes. */
export const CONSENT_DIGEST = sha256(utf8(CONSENT_DOCUMENT))
