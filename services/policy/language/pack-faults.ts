import { fault, type Fault } from './diagnostic.ts'
import { writeForm } from './hints.ts'

/* What is wrong with the parts of a pack, each of them well written as YAML. */

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

/* Catalogue of facts */

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

/* Axes and definitions */

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

/* Rules and their conditions */

export function tooManyRules(most: number): Fault {
  return fault('too-large', {
    ja: `規則が ${most} 個を超えています`,
    en: `more than ${most} rules`,
  })
}

export function ruleCitesNothing(id: string): Fault {
  return fault('missing-cites', {
    ja: `規則 \`${id}\` に根拠の条項がありません`,
    en: `rule \`${id}\` cites no clause`,
  })
}

export const ODD_EFFORT = fault('wrong-form', {
  ja: '`effort` は 1 から 9 までの数です',
  en: '`effort` is a number from 1 to 9',
})

export const NO_AXIS_SHOWS_NAME = fault(
  'wrong-form',
  { ja: 'この規則の軸は、どれも名前を示しません', en: 'no axis of this rule shows a name' },
  { ja: '軸に鍵 `shows` を加えます', en: 'give the axis a key `shows`' },
)

export const ODD_COUNT_OF_CLAUSES = fault('wrong-form', {
  ja: '`n` は 1 から条件の個数までの数です',
  en: '`n` must be a number from 1 to the number of clauses',
})

export const ODD_CHECK_VALUE = fault('type-mismatch', {
  ja: 'ここで問えるのは、列挙型の値、true、false だけです',
  en: 'only enum members, true and false can be asked for here',
})

export const ODD_SLOT_LIST = fault('wrong-form', {
  ja: '`from` は `evidence as e` の形で書きます',
  en: '`from` must have the form `evidence as e`',
})

export const RANK_HAS_NO_ORDER = fault('type-mismatch', {
  ja: '`rank` は、順序のある列挙型の値です',
  en: '`rank` must be a value of an ordered enum',
})

export const STRONGEST_AND_RANK = fault('missing-key', {
  ja: '`strongest` と `rank` は一緒に書きます',
  en: '`strongest` and `rank` belong together',
})

export function slotCount(most: number): Fault {
  return fault('wrong-form', {
    ja: `\`need\`、\`need_any\`、\`need_each\` には、枠を 1 から ${most} 個書きます`,
    en: `\`need\`, \`need_any\` or \`need_each\` must list 1 to ${most} slots`,
  })
}

export function pieceCount(most: number): Fault {
  return fault(
    'wrong-form',
    {
      ja: `\`need_each\` には、1 から ${most} 個のリストが必要です`,
      en: `\`need_each\` needs a list of 1 to ${most} pieces`,
    },
    {
      ja: '証拠1点を一つのリストで書きます：`[[3, 2], [2, 2]]`',
      en: 'write one list for each piece: `[[3, 2], [2, 2]]`',
    },
  )
}

/* Tables of grants */

export const NO_ROWS = fault('wrong-form', {
  ja: '`rows` に行がありません',
  en: '`rows` must have a row',
})

export function oddColumnName(name: string): Fault {
  return fault('wrong-form', {
    ja: `\`${name}\` は列の名前にできません`,
    en: `\`${name}\` cannot name a column`,
  })
}

export function cellCount(row: string, found: number, expected: number): Fault {
  return fault('wrong-form', {
    ja: `行 \`${row}\` のセルは ${expected} 個のうち ${found} 個です`,
    en: `row \`${row}\` has ${found} of ${expected} cells`,
  })
}

export const ODD_CELL = fault('type-mismatch', {
  ja: 'セルに書けるのは、0 以上の整数、語、true、false、またはそれらのリストです',
  en: 'a cell is a whole number, a word, true, false or a list of them',
})

/** What the cells of a column hold: one of these, or a list of it. */
export interface CellShape {
  readonly of: 'numbers' | 'words' | 'truths'
  /** How many lists it lies in. */
  readonly depth: number
}

const SHAPES = {
  numbers: { ja: '数', en: 'numbers' },
  words: { ja: '語', en: 'words' },
  truths: { ja: 'true か false', en: 'true or false' },
} as const

export function otherCell(column: string, expected: CellShape, found: CellShape): Fault {
  const shape = ({ of, depth }: CellShape) => ({
    ja: SHAPES[of].ja + 'のリスト'.repeat(depth),
    en: 'a list of '.repeat(depth) + SHAPES[of].en,
  })
  const [wanted, is] = [shape(expected), shape(found)]
  return fault('type-mismatch', {
    ja: `列 \`${column}\` には「${wanted.ja}」が必要ですが、「${is.ja}」です`,
    en: `column \`${column}\` holds ${wanted.en}, found ${is.en}`,
  })
}

/* Invariants */

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

/* Equivalences */

export function tooManyEquivalences(most: number): Fault {
  return fault('too-large', {
    ja: `等価が ${most} 個を超えています`,
    en: `more than ${most} equivalences`,
  })
}

export function equivalenceCitesNothing(id: string): Fault {
  return fault('missing-cites', {
    ja: `等価 \`${id}\` に根拠の条項がありません`,
    en: `equivalence \`${id}\` cites no clause`,
  })
}

export const WITHIN_ONE_FRAMEWORK = fault('wrong-form', {
  ja: '等価は二つのフレームワークの間のものです：一つの中では規則を書きます',
  en: 'an equivalence is between two frameworks: within one write a rule',
})

/** `right` is the key for an axis of that kind. */
export function keyOfOtherAxes(key: string, axis: string, right: string): Fault {
  return fault(
    'unknown-key',
    {
      ja: `鍵 \`${key}\` は軸 \`${axis}\` では使えません`,
      en: `unknown key \`${key}\` for axis \`${axis}\``,
    },
    writeForm(right),
  )
}

export function axisWithoutLevel(axis: string): Fault {
  return fault(
    'wrong-form',
    { ja: `軸 \`${axis}\` に段階はありません`, en: `axis \`${axis}\` has no level` },
    {
      ja: '等価は段階か方法を読み、段階を与えます',
      en: 'an equivalence reads a level or a method, and gives a level',
    },
  )
}
