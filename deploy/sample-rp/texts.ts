import type { Name } from './config.ts'

export type Locale = 'ja' | 'en'

interface SiteTexts {
  readonly site: string
  readonly lead: string
  readonly action: string
  readonly account: string
  readonly notice: string
}

export const SITES: Readonly<Record<Name, Readonly<Record<Locale, SiteTexts>>>> = {
  library: {
    ja: {
      site: 'あおば市立図書館',
      lead: '本の予約や貸出状況の確認ができます。お名前や住所は受け取りません。',
      action: 'Watashi でログイン',
      account: '利用者ページ',
      notice:
        '同じ方だと分かるための番号だけを保存します。番号は当館だけのもので、ほかの事業者のものとはつながりません。',
    },
    en: {
      site: 'Aoba City Library',
      lead: 'Reserve books and see your loans. We do not receive your name or address.',
      action: 'Log in with Watashi',
      account: 'Your library page',
      notice:
        'We keep only a number by which we recognise you. It is ours alone and cannot be matched with that of anyone else.',
    },
  },
  liquor: {
    ja: {
      site: '酒のみどり屋',
      lead: 'お酒を買う前に、20歳以上であることだけを確かめます。生年月日は受け取りません。',
      action: '20歳以上であることを示す',
      account: 'ご購入ページ',
      notice: '20歳以上かどうかの答えだけを30日間保存し、年齢確認の記録にだけ使います。',
    },
    en: {
      site: 'Midoriya Liquor',
      lead: 'Before you buy alcohol we check only that you are 20 or older. We do not receive your date of birth.',
      action: 'Prove that you are 20 or older',
      account: 'Your shopping page',
      notice:
        'We keep the answer whether you are 20 or older for 30 days and use it only as our record of the check.',
    },
  },
  bank: {
    ja: {
      site: 'さくら見本銀行',
      lead: '氏名・住所・生年月日・性別をマイナンバーカードで確かめた内容で受け取り、口座を開設します。',
      action: '口座を開設する',
      account: '口座ページ',
      notice:
        '氏名・住所・生年月日・性別を口座の開設と取引時確認の記録に使い、最長7年間保存します。',
    },
    en: {
      site: 'Sakura Sample Bank',
      lead: 'We receive your name, address, date of birth and gender as proven with your My Number Card, and open an account.',
      action: 'Open an account',
      account: 'Your account',
      notice:
        'We use name, address, date of birth and gender to open your account and as our record of the identification, and keep them for 7 years at most.',
    },
  },
}

export const COMMON = {
  ja: {
    sample: 'これは見本のサイトです。実在の事業者とは関係ありません。',
    other: 'English',
    otherLocale: 'en',
    notice: '個人情報の取扱い',
    home: 'トップへ',
    start: 'ボタンを押すと Watashi のページに移ります。',
    received: '受け取った内容',
    none: '個人の属性は受け取っていません。',
    levels: '確かめられた度合い',
    subject: 'このサイトだけの利用者番号',
    ok: 'いまの確認の度合いは、このサイトに必要な条件を満たしています。',
    short: 'いまの確認の度合いは、このサイトに必要な条件を満たしていません。',
    unknown: 'いまの確認の度合いを問い合わせられません。しばらくしてから開き直してください。',
    fell: '確認の度合いが下がりました',
    rose: '確認の度合いが変わりました',
    gone: 'Watashi での提供が取りやめられました。受け取った内容は今後使いません。',
    why: 'なぜこの度合いなのか',
    again: 'もう一度確認する',
    logout: 'ログアウト',
    forget: '受け取った内容を削除する',
    forgetTitle: '受け取った内容を削除しますか',
    forgetText:
      '当サイトがあなたについて受け取った内容を削除し、そのことを Watashi に伝えます。元に戻すことはできません。',
    keep: '削除しない',
    forgotten: '受け取った内容を削除しました。',
    notFoundTitle: 'ページが見つかりません',
    notFound: 'アドレスが間違っているか、ページがなくなりました。',
    refusedTitle: '手続きは完了しませんでした',
    refused:
      '提供が行われなかったため、このサイトでは何も受け取っていません。やり直すことができます。',
    notYoursTitle: 'この手続きを確かめられません',
    notYours:
      '手続きを始めたブラウザーで開いてください。ほかの方から送られたリンクは使わないでください。',
    unreachableTitle: 'Watashi につながりません',
    unreachable: 'しばらくしてからもう一度お試しください。',
    missing:
      '下は、いまの度合いの理由と、足りないものです。届く方法はいくつかあり、すべてが必要なわけではありません。',
    contract: '契約書への署名',
    contractText:
      '内容を確かめて、マイナンバーカードで署名してください。署名用電子証明書（氏名・住所・生年月日・性別）を受け取ります。',
    sign: 'カードで署名する',
    signed: '署名を受け取りました。',
    report: '署名の検証結果',
    verdict: '判定',
    revocation: '失効していないことの確認',
    downloadSignature: '署名（.p7s）を保存する',
    downloadContract: '契約書（.txt）を保存する',
    notSigned: '署名されませんでした',
    notSignedText: '署名を受け取っていません。やり直すことができます。',
    notSignedLater:
      '証明書が有効かどうかを確かめられなかったため、署名を受け取っていません。しばらくしてからやり直してください。',
    yes: 'はい',
    no: 'いいえ',
    reasons: '理由',
    have: '現在',
    need: '必要',
  },
  en: {
    sample: 'This is a sample site. It has nothing to do with a real company.',
    other: '日本語',
    otherLocale: 'ja',
    notice: 'How we use your data',
    home: 'To the start page',
    start: 'The button takes you to Watashi.',
    received: 'What we received',
    none: 'We received no attributes of yours.',
    levels: 'How well it is proven',
    subject: 'Your number at this site alone',
    ok: 'The present level is enough for this site.',
    short: 'The present level is not enough for this site.',
    unknown: 'We cannot ask for the present level. Please open this page again in a while.',
    fell: 'The level fell',
    rose: 'The level changed',
    gone: 'You withdrew in Watashi. We no longer use what we received.',
    why: 'Why this level',
    again: 'Confirm again',
    logout: 'Log out',
    forget: 'Delete what we received',
    forgetTitle: 'Delete what we received?',
    forgetText:
      'We delete what we received about you, and tell Watashi that we did. This cannot be undone.',
    keep: 'Do not delete',
    forgotten: 'What we received has been deleted.',
    notFoundTitle: 'Page not found',
    notFound: 'The address is wrong, or the page is gone.',
    refusedTitle: 'Nothing was completed',
    refused: 'Nothing was given, so this site has received nothing. You can try again.',
    notYoursTitle: 'We cannot confirm this',
    notYours:
      'Please open it in the browser in which you began. Do not use links that others send you.',
    unreachableTitle: 'Watashi cannot be reached',
    unreachable: 'Please try again in a while.',
    missing:
      'Below are the reasons for the present level and what is missing. There are several ways to reach more, so not every line has to be met.',
    contract: 'Sign the contract',
    contractText:
      'Read it, then sign it with your My Number Card. We receive your signature certificate (name, address, date of birth, gender).',
    sign: 'Sign with the card',
    signed: 'We have your signature.',
    report: 'How the signature was verified',
    verdict: 'Verdict',
    revocation: 'Not revoked, says',
    downloadSignature: 'Save the signature (.p7s)',
    downloadContract: 'Save the contract (.txt)',
    notSigned: 'The contract is not signed',
    notSignedText: 'We received no signature. You can try again.',
    notSignedLater:
      'Nobody could say whether the certificate is valid, so we received no signature. Please try again in a while.',
    yes: 'Yes',
    no: 'No',
    reasons: 'Reasons',
    have: 'Now',
    need: 'Needed',
  },
} as const

/** `ja` unless the browser prefers English; a choice made on the page comes first. */
export function chooseLocale(
  chosen: string | undefined,
  acceptLanguage: string | undefined,
): Locale {
  if (chosen === 'ja' || chosen === 'en') return chosen
  const first = /\b(ja|en)\b/i.exec(acceptLanguage ?? '')?.[1]?.toLowerCase()
  return first === 'en' ? 'en' : 'ja'
}
