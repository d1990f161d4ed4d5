/** What the checker's help says, where its words are always the same but for what they name. */
export type FaultHelp =
  | { readonly kind: 'meant' | 'known' | 'write'; readonly words: string }
  | { readonly kind: 'other'; readonly words: string }

const FORMS = [
  ['meant', /^did you mean (.+)\?$/],
  ['known', /^known(?: here)?: (.+)$/],
  ['write', /^write (`[^`]+`)$/],
] as const

/** The checker writes English; a page in another language says those parts itself that return again and again. */
export function readHelp(help: string): FaultHelp {
  for (const [kind, form] of FORMS) {
    const words = form.exec(help)?.[1]
    if (words !== undefined) return { kind, words }
  }
  return { kind: 'other', words: help }
}
