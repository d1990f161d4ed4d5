import type { TapRefusal } from './agent.ts'
import type { Language } from './html.ts'

/** Words of the card agent's pages. */
export const PAGE_TEXT = {
  ja: {
    title: 'マイナンバーカードを使う',
    simulated: {
      simulator: '模擬環境です。本物のカードは使いません。',
      'jpki-test': '試験環境です。試験用カードだけを使ってください。',
    },
    intro:
      'このプログラムは、あなたの端末の中でカードを読みます。暗証番号はカードに渡すだけで、保存も送信もしません。',
    purpose: '何のために',
    purposes: {
      enrol: 'はじめての本人確認（登録）',
      login: 'カードによるログイン',
      reproof: '本人確認のやり直し',
      transaction: '取引のための本人確認',
      consent: '最新の住所などを受け取ることへの同意',
    },
    binds: 'この端末で作ったパスキーを、あなたのものとして結びつけます。',
    askedBy: '求めているところ',
    relyingParty: '取引の相手',
    key: 'カードの鍵',
    keys: {
      signature: '署名用電子証明書の鍵（この確認だけに署名します）',
      authentication: '利用者証明用電子証明書の鍵（この確認だけに署名します）',
    },
    sent: '送るもの',
    sentBy: {
      signature:
        '署名と署名用電子証明書。証明書には氏名・住所・生年月日・性別が入っています。送る先は「求めているところ」だけです。',
      authentication:
        '署名と利用者証明用電子証明書。証明書に氏名や住所は入っていません。送る先は「求めているところ」だけです。',
    },
    sentConsent: '署名した同意は、最新の情報を提供する J-LIS にも渡されます。',
    expires: '受付の期限',
    chooseCard: '使うカードを選んでください',
    noCards:
      '使えるカードがありません。マイナンバーカードをカードリーダーに置いてから、もう一度探してください。',
    lookAgain: 'カードをもう一度探す',
    pins: {
      signature: '署名用の暗証番号',
      authentication: '利用者証明用の暗証番号',
    },
    pinHelp: {
      signature:
        '英数字 6～16 文字（大文字・小文字の区別はありません）。5 回続けて間違えると使えなくなります。',
      authentication: '数字 4 桁。3 回続けて間違えると使えなくなります。',
    },
    useLastTry: '残り 1 回であることを承知して、入力した暗証番号を使う',
    triesLeft: (count: number) => `あと ${count} 回間違えると、カードは使えなくなります。`,
    unlock: {
      signature: '住んでいる市区町村の窓口で、署名用の暗証番号を初期化してください。',
      authentication: '住んでいる市区町村の窓口で、利用者証明用の暗証番号を初期化してください。',
    },
    withoutSignature: {
      enrol: '戻って、署名用電子証明書がない方の手続きを選んでください。',
      other: 'このカードでは、この確認はできません。別のカードがないときは、戻ってください。',
    },
    sign: '暗証番号を確かめて署名する',
    cancel: 'カードを使わずに戻る',
    toIssuer: '元のページへ',
    idle: 'カードを使う手続きは、元のページから始めてください。この画面だけでできることはありません。',
  },
  en: {
    title: 'Use your My Number Card',
    simulated: {
      simulator: 'This is a simulation. No real card is used.',
      'jpki-test': 'This is a test environment. Use test cards only.',
    },
    intro:
      'This program reads the card on your own device. Your PIN goes to the card alone; it is neither kept nor sent.',
    purpose: 'What for',
    purposes: {
      enrol: 'Proving who you are for the first time (enrolment)',
      login: 'Logging in with the card',
      reproof: 'Proving who you are once more',
      transaction: 'Proving who you are for a transaction',
      consent: 'Consenting that your latest address and other attributes are fetched',
    },
    binds: 'The passkey made on this device will be tied to you.',
    askedBy: 'Asked for by',
    relyingParty: 'Other party of the transaction',
    key: 'Key on the card',
    keys: {
      signature: 'Key of your signature certificate (it signs this proof and nothing else)',
      authentication:
        'Key of your authentication certificate (it signs this proof and nothing else)',
    },
    sent: 'What is sent',
    sentBy: {
      signature:
        'The signature and your signature certificate, which holds your name, address, birth date and gender. They go only to who asked.',
      authentication:
        'The signature and your authentication certificate, which holds neither name nor address. They go only to who asked.',
    },
    sentConsent: 'The signed consent is handed on to J-LIS, which supplies the latest details.',
    expires: 'To be done by',
    chooseCard: 'Choose the card to use',
    noCards:
      'There is no card that could be used. Put your My Number Card on the card reader, then look again.',
    lookAgain: 'Look for a card again',
    pins: {
      signature: 'PIN of the signature certificate',
      authentication: 'PIN of the authentication certificate',
    },
    pinHelp: {
      signature:
        '6 to 16 letters and digits, upper or lower case. After 5 wrong ones in a row it is locked.',
      authentication: '4 digits. After 3 wrong ones in a row it is locked.',
    },
    useLastTry: 'I know that this is the last try; use the PIN that I typed',
    triesLeft: (count: number) =>
      count === 1
        ? 'One more wrong PIN locks the card.'
        : `${count} more wrong PINs lock the card.`,
    unlock: {
      signature: 'Have the PIN of the signature certificate reset at your municipal office.',
      authentication:
        'Have the PIN of the authentication certificate reset at your municipal office.',
    },
    withoutSignature: {
      enrol: 'Go back and choose the way for cards without a signature certificate.',
      other: 'It cannot be used for this. If you have no other card, go back.',
    },
    sign: 'Check the PIN and sign',
    cancel: 'Go back without using the card',
    toIssuer: 'To the page you came from',
    idle: 'Start from the page that asks for the card. There is nothing to do here by itself.',
  },
} as const

export const REFUSAL_TEXT: Readonly<Record<Language, Readonly<Record<TapRefusal, string>>>> = {
  ja: {
    PIN_WRONG: '暗証番号が違います。',
    PIN_LOCKED: '暗証番号が続けて間違えられたため、使えなくなっています。',
    PIN_LAST_TRY:
      '暗証番号を間違えられるのはあと 1 回です。まだカードには送っていません。続けるには、承知の印を付けてください。',
    PIN_MALFORMED:
      '暗証番号の形が正しくありません。カードには送っていないので、回数は減っていません。',
    CARD_REMOVED: 'カードが読めなくなりました。カードを置いたまま、もう一度試してください。',
    NO_SIGNATURE_CERTIFICATE: 'このカードには署名用電子証明書がありません（15 歳未満の方など）。',
    NOT_A_JPKI_CARD: 'マイナンバーカードではないようです。別のカードを選んでください。',
    CARD_PROTOCOL: 'カードから思わぬ答えが返りました。もう一度試してください。',
    FORM_OUTDATED: '画面が古くなっていました。もう一度入力してください。',
    CARD_IN_USE:
      'カードを別のプログラムが使っています。そちらを終えてから、もう一度試してください。',
    NO_READER_LIBRARY:
      'カードリーダーを使うための部品（pcsc-mini）が入っていません。このプログラムを入れ直してください。',
    NO_READER_SERVICE:
      'この端末では、カードリーダーを使う仕組み（PC/SC。Linux では pcscd）が動いていません。動かしてから、もう一度探してください。',
    NO_READER: 'カードリーダーがつながっていません。つないでから、もう一度探してください。',
    PROOFING_UNAVAILABLE: '確認を行うところにつながりません。少し待って、もう一度試してください。',
  },
  en: {
    PIN_WRONG: 'The PIN is wrong.',
    PIN_LOCKED: 'The PIN was wrong too often and is locked.',
    PIN_LAST_TRY:
      'Only one try is left. Nothing was sent to the card yet. To go on, tick the box that says so.',
    PIN_MALFORMED: 'This cannot be the PIN. Nothing was sent to the card, so no try was lost.',
    CARD_REMOVED: 'The card can no longer be read. Leave it in place and try again.',
    NO_SIGNATURE_CERTIFICATE: 'This card has no signature certificate (as for people under 15).',
    NOT_A_JPKI_CARD: 'This does not seem to be a My Number Card. Choose another.',
    CARD_PROTOCOL: 'The card answered in an unexpected way. Try again.',
    FORM_OUTDATED: 'The page was out of date. Please type the PIN again.',
    CARD_IN_USE: 'Another program uses the card. Close that one, then try again.',
    NO_READER_LIBRARY:
      'The part that reads card readers (pcsc-mini) is not installed. Install this program again.',
    NO_READER_SERVICE:
      'The card reader service of this machine (PC/SC; pcscd on Linux) does not run. Start it, then look again.',
    NO_READER: 'No card reader is connected. Connect one, then look again.',
    PROOFING_UNAVAILABLE:
      'The service that checks the proof does not answer. Wait a little and try again.',
  },
}

/** Words for what ends a tap; `OTHER` for every other code. */
export const TAP_FAULT_TEXT = {
  ja: {
    TICKET_INVALID: 'この受付番号は使えません。元のページからやり直してください。',
    TICKET_EXPIRED: '受付の期限が過ぎました。元のページからやり直してください。',
    FOREIGN_RETURN_URL:
      '戻り先が登録されたところではないため、中止しました。何も署名していません。',
    WRONG_ENVIRONMENT: '別の環境からの求めなので、中止しました。何も署名していません。',
    REFUSED: '確認を行うところが受け付けませんでした。元のページからやり直してください。',
    OTHER: '手続きを続けられません。元のページからやり直してください。',
  },
  en: {
    TICKET_INVALID: 'This ticket cannot be used. Start again from the page you came from.',
    TICKET_EXPIRED: 'The time for this has passed. Start again from the page you came from.',
    FOREIGN_RETURN_URL:
      'Stopped: the address to go back to is not a registered one. Nothing was signed.',
    WRONG_ENVIRONMENT: 'Stopped: the request comes from another environment. Nothing was signed.',
    REFUSED: 'The service that checks the proof refused. Start again from the page you came from.',
    OTHER: 'This cannot go on. Start again from the page you came from.',
  },
} as const
