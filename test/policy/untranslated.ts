import type { Fault } from '../../services/policy/language/diagnostic.ts'
import type { Text } from '../../services/policy/language/text.ts'

/** What a fault lacks in Japanese: words of the author, Japanese letters, or that no English sentence is left. */
export function untranslated({ message, help }: Fault): readonly string[] {
  return [message, ...(help === undefined ? [] : [help])].flatMap(lacking)
}

function lacking({ ja, en }: Text): readonly string[] {
  const lost = [...en.matchAll(/`[^`]+`/g)].map(([word]) => word).filter((w) => !ja.includes(w))
  // What stands in quotes or backticks is the author's, what follows `YAML：` the parser's.
  const own = ja.replaceAll(/`[^`]*`|".*"|（YAML：.*）/g, '')
  const japanese = /[\u3040-\u30ff\u4e00-\u9fff]/.test(own)
  const english = /[A-Za-z]+ [a-z]+ [a-z]+/.test(own)
  return [
    ...lost.map((word) => `no ${word} in: ${ja}`),
    ...(japanese ? [] : [`nothing Japanese in: ${ja}`]),
    ...(english ? [`English in: ${ja}`] : []),
  ]
}
