/** HTML that is safe to send: made by `html` alone, which escapes whatever is put into it. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

type Part = Html | string | number | undefined | false | readonly Html[]

/** Template tag: strings are escaped for text and quoted attributes; `Html` and lists of it stand as they are. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.reduce((text, next, index) => text + write(parts[index - 1]) + next))
}

function write(part: Part): string {
  if (part === undefined || part === false) return ''
  if (part instanceof Html) return part.text
  if (typeof part === 'object') return part.map(({ text }) => text).join('')
  return escape(String(part))
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
}

export type Language = 'ja' | 'en'

/** The language asked for by name, else the first of Accept-Language that we have, else Japanese. */
export function chooseLanguage(asked: unknown, acceptLanguage: string | undefined): Language {
  if (asked === 'ja' || asked === 'en') return asked
  const wanted = (acceptLanguage ?? '').slice(0, 200).toLowerCase().split(',')
  const first = wanted
    .map((entry) => entry.trim().slice(0, 2))
    .find((l) => l === 'ja' || l === 'en')
  return first === 'en' ? 'en' : 'ja'
}

export interface Page {
  readonly language: Language
  readonly title: string
  readonly body: Html
}

/** A whole document; its only resources are styles and font of the same origin. */
export function htmlDocument({ language, title, body }: Page): string {
  return html`<!doctype html>
    <html lang="${language}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <link rel="stylesheet" href="/fonts.css" />
        <link rel="stylesheet" href="/style.css" />
      </head>
      <body>
        <main>${body}</main>
      </body>
    </html> `.text
}
