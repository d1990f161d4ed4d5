import type { ProofingVerdict } from '../card/agent.ts'
import type { Language } from '../card/html.ts'

interface EnrolText {
  readonly askAddress: string
  readonly chooseCard: string
  readonly pinUnseen: string
  readonly useLastTry: string
  readonly again: string
  readonly lookAgain: string
  readonly stopped: string
  readonly outcome: Readonly<Record<ProofingVerdict['outcome'], string>>
  readonly reason: string
  readonly goBack: string
}

/** What the terminal says beside the texts that it shares with the agent's pages. */
export const ENROL_TEXT: Readonly<Record<Language, EnrolText>> = {
  ja: {
    askAddress:
      'カードの画面のアドレス（http://card.localhost:…/?ticket=…）か、受付番号を入れてください',
    chooseCard: '使うカードを選んでください',
    pinUnseen: '入力した文字は表示されません。',
    useLastTry: '残り 1 回であることを承知して、入力した暗証番号を使いますか',
    again: 'もう一度試しますか',
    lookAgain: 'カードをもう一度探しますか',
    stopped: '終わりました。署名は渡していません。',
    outcome: {
      passed: '署名を渡し、確認できました。',
      refused: '署名を渡しましたが、確認できませんでした。',
      indeterminate: '署名を渡しましたが、まだ確認の結果が出ていません。',
    },
    reason: '理由',
    goBack: '続きは、はじめに使ったブラウザーで次の画面を開いてください',
  },
  en: {
    askAddress: 'Address of the card page (http://card.localhost:…/?ticket=…), or its ticket',
    chooseCard: 'Choose the card to use',
    pinUnseen: 'What you type is not shown.',
    useLastTry: 'Do you know that this is the last try, and want to use the PIN that you typed?',
    again: 'Try again?',
    lookAgain: 'Look for a card again?',
    stopped: 'Ended. No signature was handed over.',
    outcome: {
      passed: 'The signature was handed over and accepted.',
      refused: 'The signature was handed over and not accepted.',
      indeterminate: 'The signature was handed over; there is no result yet.',
    },
    reason: 'Reason',
    goBack: 'Go on in the browser that you began with, at',
  },
}
