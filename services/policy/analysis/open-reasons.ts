import type { Text } from '../language/text.ts'

/** Why a question about a list, a rule or an axis stays open. */
export function openOn(what: string, reason: keyof typeof REASONS): Text {
  const { ja, en } = REASONS[reason]
  return { ja: `${what}：${ja}`, en: `${what}: ${en}` }
}

/** Why a question stays open wherever it was asked. */
export function openAs(reason: keyof typeof REASONS): Text {
  return REASONS[reason]
}

const REASONS = {
  comparedWithLists: {
    ja: 'それぞれにリストを持つ二つの項目を比べています',
    en: 'two elements with lists of their own are compared',
  },
  threeCompared: { ja: '三つの項目を比べています', en: 'three elements are compared' },
  countedBesideCompared: {
    ja: '二つの項目を比べ、同時に数えています',
    en: 'counting beside a comparison of two elements',
  },
  countedFromOneAnother: {
    ja: '項目を互いから数えています',
    en: 'elements counted from one another',
  },
  dependsOnItself: {
    ja: 'リストに問うことが、そのリスト自身によります',
    en: 'what is asked of the list depends on the list itself',
  },
  wholeAndPart: {
    ja: '人とその一部の両方に関わる項目があります',
    en: 'entries that matter for the person and for one of its parts',
  },
  slotsOfOtherKinds: {
    ja: '枠の違いが種類だけです',
    en: 'slots that differ in their kind only',
  },
  slotsOfSeveralValues: {
    ja: '枠の違いがいくつもの値にわたります',
    en: 'slots that differ in several values',
  },
  documentEntriesCounted: {
    ja: '一つの書類の項目を一つずつ数えています',
    en: 'entries of a document counted one by one',
  },
  documentEntriesRanked: {
    ja: '一つの書類の項目を一つずつ順に並べています',
    en: 'entries of a document ranked one by one',
  },
  noteOfSeveralMethods: {
    ja: 'いくつもの方法についての注意です',
    en: 'a note about several methods',
  },
  otherLevels: { ja: '段階が違います', en: 'the levels are others' },
  otherKind: { ja: '軸の種類が違います', en: 'the axis is of another kind' },
  severalLists: { ja: 'いくつものリストを数えています', en: 'a count over several lists' },
  setThatIsNoFact: { ja: '事実でない集合です', en: 'a set that is not a fact' },
  checksOfSeveralPieces: {
    ja: 'いくつもの証拠の確認を数えています',
    en: 'a count over checks of several pieces of evidence',
  },
  slotsOfPartList: {
    ja: 'ほかのリストの中のリストから枠を埋めています',
    en: 'slots filled from a list that is part of others',
  },
  countAgainstFact: { ja: '個数を事実と比べています', en: 'a count compared with a fact' },
  statusOneByOne: {
    ja: '失効の確認を一つずつ問う規則があります',
    en: 'a rule asks for status checks one by one',
  },
  states: { ja: '状態が多すぎます', en: 'too many states' },
  situations: { ja: '場合が多すぎます', en: 'too many situations' },
  signatures: { ja: '組み合わせが多すぎます', en: 'too many signatures' },
  piecesInSlots: {
    ja: '枠に入る証拠の種類が多すぎます',
    en: 'slots: too many kinds of pieces',
  },
  statesOfRelated: {
    ja: '互いを見る項目のリストで、状態が多すぎます',
    en: 'a list whose elements look at each other: too many states',
  },
} as const satisfies Readonly<Record<string, Text>>

export function kindsOfElements(list: string, count: number): Text {
  return {
    ja: `${list}：項目の種類が ${count} あります`,
    en: `${list}: ${count} kinds of elements`,
  }
}

export function tooManyCases(most: number): Text {
  return {
    ja: `見分ける場合が ${most} を超えます`,
    en: `more than ${most} cases to tell apart`,
  }
}

/** A form that the method does not know; `form` is the language's own name of it. */
export function formOf(
  what: 'condition' | 'value' | 'fact' | 'outcome' | 'list',
  form: string,
): Text {
  const [ja, en] = FORMS[what]
  return { ja: `${ja} ${form} は扱えません`, en: `${en} ${form}` }
}

const FORMS = {
  condition: ['条件', 'the condition'],
  value: ['値', 'the value'],
  fact: ['事実', 'the fact'],
  outcome: ['確認の結果', 'the outcome'],
  list: ['リスト', 'a list'],
} as const

export function listWithin(list: string, record: string | undefined): Text {
  return {
    ja: `${record ?? 'レコード'} の中のリスト ${list} は扱えません`,
    en: `a list ${list} within ${record ?? 'a record'}`,
  }
}

export function typeOf(path: string, type: string): Text {
  return { ja: `${path}（型 ${type}）は扱えません`, en: `${path} of type ${type}` }
}

export function hasOf(type: string): Text {
  return { ja: `型 ${type} の has(…) は扱えません`, en: `has(…) of a ${type}` }
}

export function axisRead(name: string): Text {
  return { ja: `軸 ${name} を読む規則があります`, en: `a rule reads the axis ${name}` }
}

export function exampleScored(axis: string, expected: string, value: string): Text {
  return {
    ja: `${axis}：${expected} の例が ${value} と判定されました`,
    en: `${axis}: an example of ${expected} scored ${value}`,
  }
}

export function differenceScored(axis: string, value: string): Text {
  return {
    ja: `${axis}：違いの例が二度とも ${value} と判定されました`,
    en: `${axis}: an example of a difference scored ${value} twice`,
  }
}

export function nothingLost(grant: string, record: string): Text {
  return {
    ja: `${grant}：${record} が一つ増える例で、何も失われませんでした`,
    en: `${grant}: an example of one more ${record} lost nothing when it was scored`,
  }
}
