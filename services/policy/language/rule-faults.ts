import { fault, type Fault } from './diagnostic.ts'

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
