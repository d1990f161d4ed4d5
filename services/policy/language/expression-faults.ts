import { fault, type Fault } from './diagnostic.ts'
import { writeForm } from './hints.ts'
import { joined, type Text } from './text.ts'

export function expressionTooLong(most: number): Fault {
  return fault('expression-syntax', {
    ja: `式が ${most} 文字を超えています`,
    en: `expression of more than ${most} characters`,
  })
}

export const EXPRESSION_TOO_DEEP = fault('expression-syntax', {
  ja: '式の入れ子が深すぎます',
  en: 'expression nested too deeply',
})

export function numberTooLarge(digits: string): Fault {
  return fault('expression-syntax', {
    ja: `数 \`${digits}\` が大きすぎます`,
    en: `number \`${digits}\` is too large`,
  })
}

/** What can stand at a place of an expression. */
export const EXPECTED = {
  end: { ja: '式の終わり', en: 'the end of the expression' },
  field: { ja: '項目の名前', en: 'the name of a field' },
  value: { ja: '値', en: 'a value' },
} as const satisfies Readonly<Record<string, Text>>

/** `found` is the author's word; `undefined` where the expression ends. */
export function unexpectedWord(found: string | undefined, expected: Text): Fault {
  const message =
    found === undefined
      ? {
          ja: `${joined(expected.ja, 'が')}必要なところで式が終わっています`,
          en: `the expression ends where ${expected.en} was expected`,
        }
      : {
          ja: `${joined(expected.ja, 'が')}必要なところに \`${found}\` があります`,
          en: `\`${found}\` where ${expected.en} was expected`,
        }
  return fault('expression-syntax', message, found === undefined ? undefined : meantBy(found))
}

export function chainedComparison(sign: string): Fault {
  return fault(
    'chained-comparison',
    {
      ja: `比べる式は続けて書けません：\`${sign}\``,
      en: `comparisons cannot be chained: \`${sign}\``,
    },
    { ja: '二つの比べる式を `&&` でつなぎます', en: 'join two comparisons with `&&`' },
  )
}

/** What whoever wrote a word or sign that does not belong there most likely meant. */
function meantBy(text: string): Text | undefined {
  if (text === '&' || text === '|') return writeForm(text.repeat(2))
  if (Object.hasOwn(WORDS, text)) return WORDS[text]
  const code = text.charCodeAt(0)
  if (code === WIDE_SPACE) return { ja: '空白は半角で書きます', en: 'write spaces in half width' }
  if (code < FIRST_WIDE || code > LAST_WIDE) return undefined
  const narrow = String.fromCharCode(code - FIRST_WIDE + 0x21)
  return { ja: `半角で書きます：\`${narrow}\``, en: `write it in half width: \`${narrow}\`` }
}

const WORDS: Readonly<Record<string, Text>> = {
  '=': { ja: '比べるときは `==` と書きます', en: 'write `==` to compare' },
  ...{ and: writeForm('&&'), or: writeForm('||'), not: writeForm('!') },
  // Years and months have no fixed length.
  y: { ja: '年は日数で書きます（`365d` など）', en: 'write years as days, such as `365d`' },
  M: { ja: '月は日数で書きます（`30d` など）', en: 'write months as days, such as `30d`' },
}
/** Full-width forms of `!` to `~`, as Japanese keyboards give them; Unicode block FF00. */
const [FIRST_WIDE, LAST_WIDE, WIDE_SPACE] = [0xff01, 0xff5e, 0x3000] as const
