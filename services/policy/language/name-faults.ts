import { fault, type Fault } from './diagnostic.ts'
import { didYouMean, knownWords, meantOrKnown } from './hints.ts'
import type { Text } from './text.ts'
import type { EnumType } from './types.ts'

type Names = Iterable<string>

/** A name in an expression. */
export function unknownName(name: string, known: Names): Fault {
  return fault(
    'unknown-name',
    { ja: `\`${name}\` という名前はありません`, en: `unknown name \`${name}\`` },
    didYouMean(name, known),
  )
}

/** `of` is a record of the catalogue, or the options of the pack. */
export function unknownField(name: string, of: string, known: Names): Fault {
  return fault(
    'unknown-field',
    { ja: `${of} に項目 \`${name}\` はありません`, en: `unknown field \`${name}\` of ${of}` },
    didYouMean(name, known),
  )
}

export function unknownOption(name: string, of: string, known: Names): Fault {
  return fault(
    'unknown-option',
    { ja: `選択肢 \`${name}\` はありません`, en: `unknown field \`${name}\` of ${of}` },
    didYouMean(name, known),
  )
}

export function unknownAnswerField(name: string, known: Names): Fault {
  return fault(
    'unknown-field',
    { ja: `答えに項目 \`${name}\` はありません`, en: `unknown field \`${name}\` of the answer` },
    didYouMean(name, known),
  )
}

export function unknownDerivedField(name: string, known: Names): Fault {
  return fault(
    'unknown-name',
    { ja: `\`derive\` の項目 \`${name}\` はありません`, en: `unknown derived field \`${name}\`` },
    didYouMean(name, known),
  )
}

export function unknownFunction(name: string, known: Names): Fault {
  return fault(
    'unknown-function',
    { ja: `関数 \`${name}\` はありません`, en: `unknown function \`${name}\`` },
    didYouMean(name, known),
  )
}

/** A member of an enum; of an axis it is a level or method. */
export function unknownMember(name: string, type: EnumType): Fault {
  if (type.name.startsWith('axis '))
    return unknownLevel(name, type.name.slice('axis '.length), type.members)
  return fault('enum-member', memberText(name, type), meantOrKnown(name, type.members))
}

/** In a row of a table. */
export function unknownRowMember(name: string, type: EnumType): Fault {
  return fault('table-row', memberText(name, type), didYouMean(name, type.members))
}

function memberText(name: string, { name: type }: EnumType): Text {
  return {
    ja: `列挙型 ${type} に値 \`${name}\` はありません`,
    en: `unknown member \`${name}\` of enum ${type}`,
  }
}

export function unknownLevel(name: string, axis: string, known: Names): Fault {
  return fault(
    'unknown-level',
    {
      ja: `軸 ${axis} に値 \`${name}\` はありません`,
      en: `unknown level \`${name}\` of axis ${axis}`,
    },
    meantOrKnown(name, known),
  )
}

export function unknownAxis(name: string, known: Names): Fault {
  return fault(
    'unknown-axis',
    { ja: `軸 \`${name}\` はありません`, en: `unknown axis \`${name}\`` },
    didYouMean(name, known),
  )
}

export function unknownAxisOf(name: string, framework: string, known: Names): Fault {
  return fault(
    'unknown-axis',
    {
      ja: `${framework} に軸 \`${name}\` はありません`,
      en: `unknown axis \`${name}\` of ${framework}`,
    },
    meantOrKnown(name, known),
  )
}

export function unknownAnswerAxis(name: string, known: Names): Fault {
  return fault(
    'unknown-axis',
    { ja: `答えの軸 \`${name}\` はありません`, en: `unknown answer axis \`${name}\`` },
    didYouMean(name, known),
  )
}

export function unknownFramework(name: string, known: Names): Fault {
  return fault(
    'unknown-name',
    { ja: `フレームワーク \`${name}\` はありません`, en: `unknown framework \`${name}\`` },
    meantOrKnown(name, known),
  )
}

/** In the catalogue of facts and in answers; `name` is the part of the text that was looked for. */
export function unknownType(text: string, known: Names, name = text): Fault {
  return fault(
    'unknown-name',
    { ja: `\`${text}\` という型はありません`, en: `unknown type \`${text}\`` },
    didYouMean(name, known),
  )
}

export function unknownEnum(name: string, known: Names): Fault {
  return fault(
    'unknown-name',
    { ja: `列挙型 \`${name}\` はありません`, en: `unknown enum \`${name}\`` },
    didYouMean(name, known),
  )
}

export function unknownRecord(name: string, known: Names): Fault {
  return fault(
    'unknown-name',
    { ja: `レコード \`${name}\` はありません`, en: `unknown record \`${name}\`` },
    didYouMean(name, known) ?? {
      ja: '`for: Evidence e` のように書きます',
      en: 'write `for: Evidence e`',
    },
  )
}

export function unknownCheck(name: string, known: Names): Fault {
  return fault(
    'unknown-name',
    { ja: `\`${name}\` という確認はありません`, en: `unknown check \`${name}\`` },
    didYouMean(name, known),
  )
}

export function unknownTable(name: string, known: Names): Fault {
  return fault(
    'unknown-name',
    { ja: `表 \`${name}\` はありません`, en: `unknown table \`${name}\`` },
    didYouMean(name, known),
  )
}

export function unknownColumn(name: string, help: Text): Fault {
  return fault(
    'unknown-name',
    { ja: `列 \`${name}\` はありません`, en: `unknown column \`${name}\`` },
    help,
  )
}

export function unknownRule(name: string, known: Names): Fault {
  return fault(
    'unknown-rule',
    { ja: `規則 \`${name}\` はありません`, en: `unknown rule \`${name}\`` },
    didYouMean(name, known),
  )
}

export function unknownEquivalence(name: string, known: Names): Fault {
  return fault(
    'unknown-rule',
    { ja: `等価 \`${name}\` はありません`, en: `unknown equivalence \`${name}\`` },
    meantOrKnown(name, known),
  )
}

/** Where only some words can stand. */
export function unknownWord(word: string, known: Names): Fault {
  return fault(
    'wrong-form',
    { ja: `\`${word}\` はここでは使えません`, en: `unknown word \`${word}\`` },
    meantOrKnown(word, known),
  )
}

export function unknownLanguage(version: string): Fault {
  return fault(
    'language-version',
    {
      ja: `言語の版 \`${version}\` には対応していません`,
      en: `language version \`${version}\` is not known`,
    },
    knownWords(['1']),
  )
}

export const LANGUAGE_IS_NOT_1 = fault('language-version', {
  ja: '言語の版は `1` です',
  en: 'language version must be `1`',
})

export function definedTwice(name: string): Fault {
  return fault('duplicate-id', {
    ja: `\`${name}\` はすでに定義されています`,
    en: `\`${name}\` is defined already`,
  })
}

export function equivalenceTwice(id: string): Fault {
  return fault('duplicate-id', {
    ja: `等価 \`${id}\` はすでに定義されています`,
    en: `equivalence \`${id}\` is defined already`,
  })
}

/** In the catalogue of facts. */
export function fieldTwice(name: string): Fault {
  return fault('duplicate-key', {
    ja: `項目 \`${name}\` はすでに定義されています`,
    en: `field \`${name}\` is defined already`,
  })
}

export function fieldOfRecord(name: string, record: string): Fault {
  return fault('duplicate-id', {
    ja: `\`${name}\` はすでに ${record} の項目です`,
    en: `\`${name}\` is a field of ${record} already`,
  })
}

export function columnTwice(name: string): Fault {
  return fault('duplicate-id', {
    ja: `列 \`${name}\` はすでにあります`,
    en: `column \`${name}\` is named already`,
  })
}

export function ruleTwice(id: string): Fault {
  return fault('duplicate-id', {
    ja: `規則の id \`${id}\` はすでに使われています`,
    en: `rule id \`${id}\` is used already`,
  })
}

export function neverUsed(name: string): Fault {
  return fault('unknown-name', {
    ja: `\`${name}\` は定義されていますが、使われていません`,
    en: `\`${name}\` is defined but never used`,
  })
}

export function columnNeverUsed(name: string): Fault {
  return fault('unknown-name', {
    ja: `列 \`${name}\` は使われていません`,
    en: `column \`${name}\` is never used`,
  })
}

export function usesItself(name: string): Fault {
  return fault('define-cycle', {
    ja: `\`${name}\` が自分自身を使っています`,
    en: `\`${name}\` uses itself`,
  })
}

export function ruleUsesItself(id: string): Fault {
  return fault('define-cycle', {
    ja: `規則 \`${id}\` が自分自身を使っています`,
    en: `rule \`${id}\` uses itself`,
  })
}

/** `circle` are the axes from it back to it. */
export function axisReadsItself(axis: string, circle: readonly string[]): Fault {
  const path = circle.join(' → ')
  return fault('axis-cycle', {
    ja: `軸 \`${axis}\` が自分自身を読んでいます：${path}`,
    en: `axis \`${axis}\` reads itself through ${path}`,
  })
}
