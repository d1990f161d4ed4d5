import { Link, Outlet, useLocation, useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { logOut } from '../api/authenticator.ts'
import { useLanguage } from '../text/i18n.ts'
import { useAction } from './asking.ts'
import { ErrorNotice } from './notice.tsx'
import { useSession } from './session.tsx'

const PLACES = [
  { to: '/wallet', text: 'site.wallet' },
  { to: '/ledger', text: 'site.ledger' },
  { to: '/authenticators', text: 'site.authenticators' },
] as const

const ITEM = 'inline-flex min-h-11 items-center px-2 text-dns-16N-130 whitespace-nowrap link'

/** What stands around every page: skip link, brand, language, menu, main, footer. */
export function Layout() {
  const { t } = useTranslation()
  // A text and what comes of it stand side by side there.
  const wide = useLocation({ select: ({ pathname }) => pathname === '/studio' })
  const width = wide ? 'max-w-7xl' : 'max-w-3xl'
  return (
    <div className="flex min-h-dvh flex-col">
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:absolute focus:z-10 focus:bg-white focus:p-3 focus:underline"
      >
        {t('site.skip')}
      </a>
      <header className="border-b border-solid-gray-420">
        <div className={`mx-auto flex ${width} items-center justify-between px-4 py-2`}>
          <Link to="/" className="inline-flex min-h-11 items-center text-std-20B-150 text-key-1000">
            {t('site.name')}
          </Link>
          <LanguageSwitch />
        </div>
        <Menu width={width} />
      </header>
      <main id="main" tabIndex={-1} className={`mx-auto w-full grow px-4 py-6 sm:py-10 ${width}`}>
        <Outlet />
      </main>
      <footer className="border-t border-solid-gray-420 bg-solid-gray-50">
        <p className={`mx-auto ${width} px-4 py-4 text-dns-14N-130 leading-160`}>
          {t('site.footer')}{' '}
          <Link to="/studio" className="link">
            {t('site.authors')}
          </Link>
        </p>
      </footer>
    </div>
  )
}

function LanguageSwitch() {
  const { t } = useTranslation()
  const { language, switchTo } = useLanguage()
  const switching = useAction()
  const other = language === 'ja' ? 'en' : 'ja'
  return (
    <div>
      <button
        type="button"
        lang={other}
        onClick={() => {
          switching.run(() => switchTo(other))
        }}
        className="min-h-11 cursor-pointer px-2 text-dns-16N-130 link"
      >
        {t('site.otherLanguage')}
      </button>
      {switching.failure && <ErrorNotice failure={{ code: 'PAGE_NOT_LOADED' }} />}
    </div>
  )
}

function Menu({ width }: { readonly width: string }) {
  const { t } = useTranslation()
  const { session, ended } = useSession()
  const navigate = useNavigate()
  const leaving = useAction()
  if (session == null) return null
  function leave(): void {
    leaving.run(async () => {
      await logOut()
      ended()
      await navigate({ to: '/', search: { done: 'logged-out' } })
    })
  }
  return (
    <nav aria-label={t('site.menu')} className={`mx-auto ${width} px-2 pb-1`}>
      <ul className="flex flex-wrap">
        {PLACES.map(({ to, text }) => (
          <li key={to}>
            <Link to={to} className={ITEM} activeProps={{ className: 'font-700 no-underline' }}>
              {t(text)}
            </Link>
          </li>
        ))}
        <li className="sm:ml-auto">
          <button type="button" onClick={leave} className={`${ITEM} cursor-pointer`}>
            {t('site.logOut')}
          </button>
        </li>
      </ul>
      {leaving.failure && <ErrorNotice failure={leaving.failure} />}
    </nav>
  )
}
