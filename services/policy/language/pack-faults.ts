import { fault, type Fault } from './diagnostic.ts'
import { writeForm } from './hints.ts'

export const NO_HEADER = fault('missing-key', {
  ja: '鍵 `version` がありません：見出しの文書がありません',
  en: 'key `version` is missing: no document is the header',
})

export function oddFrameworkId(id: string): Fault {
  return fault(
    'wrong-form',
    {
      ja: `フレームワーク \`${id}\` の名前は、小文字、数字、\`-\` で書きます`,
      en: `framework \`${id}\` must be small letters, digits and \`-\``,
    },
    { ja: '人が読む名前は `title` に書きます', en: 'what people read is its `title`' },
  )
}

export function otherFramework(own: string, header: string): Fault {
  return fault('unknown-name', {
    ja: `フレームワーク \`${own}\` は、見出しの \`${header}\` と違います`,
    en: `framework \`${own}\` is not the one of the header, \`${header}\``,
  })
}

export function oddVersion(version: string): Fault {
  return fault('wrong-form', {
    ja: `版 \`${version}\` は 1.2.3 の形で書きます`,
    en: `version \`${version}\` must have the form 1.2.3`,
  })
}

export const PERIOD_BACKWARDS = fault('date-overlap', {
  ja: '`until` は `from` より後でなければなりません',
  en: '`until` must come after `from`',
})

export const ODD_OPTION = fault('wrong-form', {
  ja: '選択肢の値は true、false、数のどれかです',
  en: 'an option is true, false or a number',
})

export const ODD_OPTION_DEFAULT = fault('wrong-form', {
  ja: '選択肢の既定値は true、false、数のどれかです',
  en: 'the default of an option is true, false or a number',
})

export function enumSize(name: string, most: number): Fault {
  return fault('wrong-form', {
    ja: `列挙型 \`${name}\` には、異なる値が 1 から ${most} 個必要です`,
    en: `enum \`${name}\` needs 1 to ${most} different members`,
  })
}

export const TYPE_IS_NO_WORD = fault('wrong-form', {
  ja: '型は一つの語で書きます',
  en: 'a type must be one word',
})

export function axisSize(name: string, most: number): Fault {
  return fault('wrong-form', {
    ja: `軸 \`${name}\` には、異なる値が 1 から ${most} 個必要です`,
    en: `axis \`${name}\` needs 1 to ${most} different values`,
  })
}

/** `text` are levels without brackets. */
export function levelsAreNoList(text: string): Fault {
  return fault(
    'wrong-form',
    { ja: '`levels` はリストで書きます', en: '`levels` must be a list' },
    writeForm(`[${text}]`),
  )
}

export function axisOfNothing(name: string): Fault {
  return fault('missing-key', {
    ja: `軸 \`${name}\` には \`levels\`、\`methods\`、\`answer\` のどれかが必要です`,
    en: `axis \`${name}\` needs \`levels\`, \`methods\` or \`answer\``,
  })
}

export const LABELS_OVERLAP = fault('date-overlap', {
  ja: '表示名は、終わる日の順に書きます',
  en: 'labels must end one after the other',
})

export const NOT_ONE_ANSWER = fault('wrong-form', {
  ja: '値は一つだけ書きます',
  en: 'one value was expected',
})

export function oddDefinition(key: string): Fault {
  return fault('wrong-form', {
    ja: `\`${key}\` は \`name(a, b): condition\` の形で書きます`,
    en: `\`${key}\` must have the form \`name(a, b): condition\``,
  })
}

export function tooManyInvariants(most: number): Fault {
  return fault('too-large', {
    ja: `不変条件が ${most} 個を超えています`,
    en: `more than ${most} invariants`,
  })
}

export const EXCEPTION_WITHOUT_REASON = fault('missing-key', {
  ja: '鍵 `why` がありません：例外には理由が必要です',
  en: 'key `why` is missing: an exception needs its reason',
})

export const NOT_ONE_INVARIANT = fault('wrong-form', {
  ja: '不変条件は `monotone`、`needs`、`reachable`、`neverRaises` のどれか一つです',
  en: 'an invariant is one of `monotone`, `needs`, `reachable` and `neverRaises`',
})
