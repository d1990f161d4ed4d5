import { useEffect, useRef, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

// The browser itself places the focus when a document opens; after that, each new page takes it.
let opened = false

export interface PageProps {
  readonly title: string
  /** A line over the heading. */
  readonly lead?: ReactNode
  readonly children: ReactNode
}

/** A page or a step of one: its heading takes the focus, so that a screen reader says where the person is now. */
export function Page({ title, lead, children }: PageProps) {
  const { t } = useTranslation()
  const heading = useRef<HTMLHeadingElement>(null)
  const site = t('site.name')
  useEffect(() => {
    document.title = `${title} | ${site}`
  }, [title, site])
  useEffect(() => {
    if (opened) {
      heading.current?.focus({ preventScroll: true })
      window.scrollTo({ top: 0 })
    }
    opened = true
  }, [])
  return (
    <>
      {lead}
      <h1 ref={heading} tabIndex={-1} className="text-std-24B-150 sm:text-std-32B-150">
        {title}
      </h1>
      <div className="mt-4 space-y-6">{children}</div>
    </>
  )
}

export function Section({
  title,
  children,
}: {
  readonly title: string
  readonly children: ReactNode
}) {
  return (
    <section className="space-y-3 pt-2">
      <h2 className="border-b-2 border-key-900 pb-1 text-std-20B-150">{title}</h2>
      {children}
    </section>
  )
}

/** A framed block with a heading of the third rank, or of the second where it stands alone. */
export function Card(props: {
  readonly title?: ReactNode
  readonly rank?: 'h2' | 'h3'
  readonly children: ReactNode
}) {
  const Title = props.rank ?? 'h3'
  return (
    <div className="flex flex-col gap-3 rounded-12 border border-solid-gray-420 p-4 sm:p-6">
      {props.title !== undefined && <Title className="text-std-18B-160">{props.title}</Title>}
      {props.children}
    </div>
  )
}

export function Text({ children }: { readonly children: ReactNode }) {
  return <p className="text-std-16N-170">{children}</p>
}

/** Less important words; still of enough contrast to be read by all. */
export function Small({ children }: { readonly children: ReactNode }) {
  return <p className="text-dns-14N-130 leading-160 text-solid-gray-700">{children}</p>
}

/** Names and values. */
export function Facts({ rows }: { readonly rows: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="divide-y divide-solid-gray-200">
      {rows.map(([name, value]) => (
        <div key={name} className="gap-4 py-2 sm:flex">
          <dt className="text-dns-14B-130 leading-160 text-solid-gray-700 sm:w-44 sm:shrink-0 sm:pt-0.5">
            {name}
          </dt>
          <dd className="min-w-0 text-std-16N-170">{value}</dd>
        </div>
      ))}
    </dl>
  )
}

export type Tone = 'good' | 'warn' | 'bad' | 'plain'

const BADGES = {
  good: 'border-success-2 bg-green-50 text-green-900',
  warn: 'border-yellow-1000 bg-yellow-50 text-yellow-1200',
  bad: 'border-error-2 bg-red-50 text-red-1000',
  plain: 'border-solid-gray-600 bg-white text-solid-gray-800',
} as const satisfies Record<Tone, string>

export function Badge({ tone, children }: { readonly tone: Tone; readonly children: ReactNode }) {
  return (
    <span
      className={`inline-block rounded-4 border px-2 py-0.5 text-dns-14B-130 whitespace-nowrap ${BADGES[tone]}`}
    >
      {children}
    </span>
  )
}
