import { fault, type Fault } from './diagnostic.ts'
import type { Text } from './text.ts'
import { typeText, type Type } from './types.ts'

function mismatch(message: Text, help?: Text): Fault {
  return fault('type-mismatch', message, help)
}

function expectedText(expected: Text, found: Type): Text {
  const is = typeText(found)
  return {
    ja: `${expected.ja}が必要ですが、「${is.ja}」です`,
    en: `expected ${expected.en}, found ${is.en}`,
  }
}

export function expectedType(expected: Type, found: Type): Fault {
  const { ja, en } = typeText(expected)
  return mismatch(expectedText({ ja: `「${ja}」`, en }, found))
}

const WANTED = {
  condition: { ja: '条件', en: 'a condition' },
  enum: { ja: '列挙型の値', en: 'an enum' },
  list: { ja: 'リスト', en: 'a list' },
  set: { ja: '集合', en: 'a set' },
  setOrMembers: { ja: '集合か値のリスト', en: 'a set or a list of members' },
} as const satisfies Readonly<Record<string, Text>>

export function expectedKind(wanted: keyof typeof WANTED, found: Type): Fault {
  return mismatch(expectedText(WANTED[wanted], found))
}

export function expectedMember(type: Type): Fault {
  const { ja, en } = typeText(type)
  return mismatch({ ja: `「${ja}」の値が必要です`, en: `expected a member of ${en}` })
}

export const EXPECTED_DURATION = mismatch({
  ja: '`12h` のような時間の長さが必要です',
  en: 'expected a duration such as `12h`',
})

export const EXPECTED_DAYS = mismatch({
  ja: '日数が必要です',
  en: 'expected a number of days',
})

export const LIST_OUT_OF_PLACE = mismatch({
  ja: 'リストは `in` の右か `sets.contains` の中にだけ書けます',
  en: 'a list can only stand right of `in` or in `sets.contains`',
})

/** The cell of a column, where one value is needed. */
export function cellIsList(column: string): Fault {
  return mismatch(
    { ja: `\`${column}\` はリストです`, en: `\`${column}\` is a list` },
    { ja: '`need_each` で使います', en: 'use it in `need_each`' },
  )
}

export function noFields(type: Type): Fault {
  const { ja, en } = typeText(type)
  const help = {
    ja: 'リストの中は `.exists(x, …)` で調べます',
    en: 'look into a list with `.exists(x, …)`',
  }
  return mismatch(
    { ja: `「${ja}」に項目はありません`, en: `${en} has no fields` },
    type.kind === 'list' ? help : undefined,
  )
}

export const ONLY_TABLES_ARE_INDEXED = mismatch({
  ja: '`[ ]` で引けるのは表だけです：`tables.<name>[key]`',
  en: 'only a table can be indexed: `tables.<name>[key]`',
})

export function arity(expected: number): Fault {
  return mismatch({
    ja: `引数は ${expected} 個必要です`,
    en: `expected ${expected} argument${expected === 1 ? '' : 's'}`,
  })
}

export function needsOrderedEnum(name: 'min' | 'max'): Fault {
  return mismatch({
    ja: `\`${name}\` には、順序のある一つの列挙型の値が必要です`,
    en: `\`${name}\` needs values of one ordered enum`,
  })
}

export const NEEDS_AXIS_NAME = mismatch({
  ja: '`axis` には軸の名前が必要です',
  en: '`axis` needs the name of an axis',
})

export function quantifierForm(name: string): Fault {
  return mismatch({
    ja: `\`${name}(x, condition)\` の形で書きます`,
    en: `write \`${name}(x, condition)\``,
  })
}

export const CONTAINS_FORM = fault('unknown-function', {
  ja: '`sets.contains(set, [members])` の形で書きます',
  en: 'write `sets.contains(set, [members])`',
})

export function oddChoice(type: Type): Fault {
  const { ja, en } = typeText(type)
  return mismatch({
    ja: `\`? :\` で選べるのは条件か列挙型の値で、「${ja}」は選べません`,
    en: `a choice is between conditions or enum members, not ${en}`,
  })
}

export function setOnTheLeft(sign: string): Fault {
  return mismatch(
    { ja: `\`${sign}\` の左に集合は置けません`, en: `a set cannot stand left of \`${sign}\`` },
    {
      ja: '`member in set` か `sets.contains(set, [members])` と書きます',
      en: 'write `member in set`, or `sets.contains(set, [members])`',
    },
  )
}

export function noOrder(enumName: string): Fault {
  return mismatch({
    ja: `列挙型 ${enumName} の値に順序はありません`,
    en: `members of enum ${enumName} have no order`,
  })
}

export function notComparable(left: Type, right: Type, sign: string): Fault {
  const [a, b] = [typeText(left), typeText(right)]
  return mismatch({
    ja: `「${a.ja}」と「${b.ja}」を \`${sign}\` で比べることはできません`,
    en: `cannot compare ${a.en} with ${b.en} by \`${sign}\``,
  })
}

/** Quoted where it stands in an expression. */
export function noDate(text: string, where: 'in a document' | 'in an expression'): Fault {
  const quote = where === 'in an expression' ? '"' : ''
  const [day, instant] = ['2026-04-01', '2026-04-01T09:00:00+09:00'].map(
    (date) => quote + date + quote,
  )
  return fault(
    'bad-date',
    { ja: `\`${text}\` は日付ではありません`, en: `\`${text}\` is no date` },
    { ja: `${day} か ${instant} と書きます`, en: `write ${day} or ${instant}` },
  )
}

export function unknownZone(name: string): Fault {
  return fault('bad-date', {
    ja: `時間帯 \`${name}\` はありません`,
    en: `unknown time zone \`${name}\``,
  })
}

function grantNegation(message: Text, help?: Text): Fault {
  return fault('grant-negation', message, help)
}

export const HAS_IN_GRANT = grantNegation(
  { ja: '`has` は grant では使えません', en: '`has` cannot stand in a grant' },
  {
    ja: '値を比べるか、veto や cap を使います',
    en: 'compare the value, or use a veto or a cap',
  },
)

export function quantifierInGrant(name: string): Fault {
  return grantNegation(
    { ja: `\`${name}\` は grant では使えません`, en: `\`${name}\` cannot stand in a grant` },
    {
      ja: '証拠が増えると成り立たなくなりえます：veto や cap を使います',
      en: 'more evidence could make it false: use a veto or a cap',
    },
  )
}

export const NEGATED_LIST = grantNegation(
  {
    ja: 'grant では、リストの中についての条件を否定できません',
    en: 'a grant cannot negate what it finds in a list',
  },
  {
    ja: 'veto や cap、または `derive` の項目を使います',
    en: 'use a veto or a cap, or a derived field',
  },
)

export function countFromAbove(sign: string): Fault {
  return grantNegation({
    ja: `grant では個数の下限だけを問えます（\`${sign}\` は使えません）`,
    en: `a grant can only ask for at least a number, not \`${sign}\``,
  })
}
