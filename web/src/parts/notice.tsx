import { Link } from '@tanstack/react-router'
import { useEffect, useRef, type ReactNode, type RefObject } from 'react'
import { useTranslation } from 'react-i18next'
import { useLanguage } from '../text/i18n.ts'
import { errorWords } from '../text/words.ts'
import type { Failure } from './failure.ts'

/** What went wrong and what to do next, announced at once and focused, with the code where we have no better words. */
export function ErrorNotice(props: { readonly failure: Failure; readonly children?: ReactNode }) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const box = useRef<HTMLDivElement>(null)
  const { code, reason } = props.failure
  const words = errorWords(language, [reason, code])
  const way = wayOut(reason ?? code)
  useEffect(() => {
    box.current?.focus()
  }, [code, reason])
  return (
    <div
      ref={box}
      role="alert"
      tabIndex={-1}
      className="space-y-2 rounded-8 border-2 border-error-2 bg-red-50 p-4"
    >
      <p className="text-std-16B-170 text-red-1000">
        <span className="sr-only">{t('common.errorTitle')}: </span>
        {words.what}
      </p>
      <p className="text-std-16N-170">{words.next}</p>
      {words.unknown && (
        <p className="text-dns-14N-130 text-solid-gray-700">
          {t('common.code', { code: reason ?? code })}
        </p>
      )}
      {way !== undefined && (
        <p>
          <Link to={way.to} className="link">
            {t(way.text)}
          </Link>
        </p>
      )}
      {props.children}
    </div>
  )
}

/** The same in one line, for what was not asked for by a press: it leaves the focus where the person works. */
export function QuietFailure({ failure }: { readonly failure: Failure }) {
  const { language } = useLanguage()
  const { what, next } = errorWords(language, [failure.reason, failure.code])
  return (
    <p role="status" className="rounded-8 border-2 border-error-2 bg-red-50 p-3 text-std-16N-170">
      {what} {next}
    </p>
  )
}

/** The page on which a failure can be mended, where there is one. */
const WAYS = {
  TOO_MANY_AUTHENTICATORS: { to: '/authenticators', text: 'ways.authenticators' },
  SUBJECT_UNKNOWN: { to: '/enrol', text: 'ways.enrol' },
  NOT_ENROLLED: { to: '/enrol', text: 'ways.enrol' },
} as const

function wayOut(code: string): (typeof WAYS)[keyof typeof WAYS] | undefined {
  return Object.hasOwn(WAYS, code) ? WAYS[code as keyof typeof WAYS] : undefined
}

/** Says politely that something is under way. */
export function Waiting({ text }: { readonly text?: string }) {
  const { t } = useTranslation()
  return (
    <div role="status" className="flex items-center gap-3 py-4">
      <span
        aria-hidden="true"
        className="size-6 shrink-0 animate-spin rounded-full border-4 border-solid-gray-200 border-t-key-900"
      />
      <span className="text-std-16N-170">{text ?? t('common.loading')}</span>
    </div>
  )
}

/**
 * A place whose text a screen reader says when it changes; it must stand on the page before the text comes. With `box` it
 * can take the focus when what held it is gone.
 */
export function Announcement(props: {
  readonly text: string | undefined
  readonly box?: RefObject<HTMLDivElement | null>
}) {
  const { text, box } = props
  return (
    <div role="status" {...(box && { ref: box, tabIndex: -1 })}>
      {text !== undefined && (
        <p className="rounded-8 border-2 border-success-2 bg-green-50 p-4 text-std-16N-170">
          {text}
        </p>
      )}
    </div>
  )
}

export function Warning({ children }: { readonly children: ReactNode }) {
  return (
    <div className="space-y-2 rounded-8 border-2 border-yellow-1000 bg-yellow-50 p-4 text-std-16N-170">
      {children}
    </div>
  )
}
