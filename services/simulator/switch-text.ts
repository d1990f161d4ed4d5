import type { Language } from '../card/html.ts'
import type { Switches } from './switches.ts'

type Text = Readonly<Record<Language, string>>

/** What each switch of the desk is, and what it does. */
export const SWITCH_TEXT: Readonly<
  Record<keyof Switches, { readonly title: Text; readonly help: Text }>
> = {
  crl: {
    title: { ja: '失効リスト（CRL）', en: 'Revocation lists (CRL)' },
    help: {
      ja: '発行局が配る失効リストに起きる障害です。',
      en: 'What is wrong with the lists that the issuer hands out.',
    },
  },
  crlBatch: {
    title: { ja: '失効リストへの反映', en: 'When changes show in the lists' },
    help: {
      ja: '失効などが失効リストに載る時期です。',
      en: 'When a revocation or suspension is entered in the lists.',
    },
  },
  ocsp: {
    title: { ja: '有効性の問い合わせ（OCSP）', en: 'Status answers (OCSP)' },
    help: {
      ja: '証明書が有効かどうかの答えに起きる障害です。',
      en: 'What is wrong with the answers whether a certificate is good.',
    },
  },
  ocspSigner: {
    title: { ja: '問い合わせへの答えの署名者', en: 'Who signs the status answers' },
    help: {
      ja: '認証局自身か、認証局が委任した応答者です。どちらも正常です。',
      en: 'The authority itself, or a responder that it delegated. Both are healthy.',
    },
  },
  linkage: {
    title: { ja: '新旧の証明書のひも付け', en: 'Linkage of old and new certificates' },
    help: {
      ja: '新しい証明書が誰の以前の証明書に続くものかを答えるサービスです。',
      en: 'The service that says which earlier certificate a new one follows.',
    },
  },
  latestAttributes: {
    title: { ja: '最新の基本4情報の提供', en: 'Supply of the latest four attributes' },
    help: {
      ja: '本人の同意があるときに、住民基本台帳の今の氏名・住所・生年月日・性別を答えるサービスです。',
      en: 'The service that tells today’s name, address, birth date and sex in the register, where the person consented.',
    },
  },
  linkageDelayMinutes: {
    title: { ja: 'ひも付けまでの時間（分）', en: 'Delay of linkage (minutes)' },
    help: {
      ja: '発行からこの時間がたつまで、新しい証明書での確認は「まだ確かめられない」となります。J-LIS では 90 分かかります。見本では 0 分です。',
      en: 'Until this long after its issue, nobody can tell yet whose new certificate it is, and a check with it has to wait. J-LIS takes 90 minutes; the samples start with 0.',
    },
  },
  latencyMilliseconds: {
    title: { ja: '応答の遅れ（ミリ秒）', en: 'Delay of every answer (milliseconds)' },
    help: {
      ja: '発行局のすべての応答が、この時間だけ遅れます。',
      en: 'Every answer of the issuer waits this long.',
    },
  },
}

/** The values of the switches in words. */
export const VALUE_TEXT: Readonly<Record<string, Text>> = {
  normal: { ja: '正常', en: 'normal' },
  stale: { ja: '古いが期限内', en: 'old, but not over' },
  expired: { ja: '期限切れ', en: 'over its time' },
  'wrong-partition': { ja: '別の市区町村のもの', en: 'that of another town' },
  'wrong-key': { ja: '別の認証局の署名', en: 'signed by another authority' },
  'try-later': { ja: '「あとで」と答える', en: 'answers “try later”' },
  down: { ja: '応答しない', en: 'down' },
  'at-once': { ja: 'すぐに', en: 'at once' },
  daily: { ja: '毎日 0 時 10 分にまとめて', en: 'once a day, at 00:10' },
  authority: { ja: '認証局', en: 'the authority' },
  delegated: { ja: '委任された応答者', en: 'a delegated responder' },
}
