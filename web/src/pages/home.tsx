import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { buttonLook } from '../parts/button.tsx'
import { Announcement } from '../parts/notice.tsx'
import { Card, Page, Text } from '../parts/page.tsx'
import { forgetNext } from '../parts/return-path.ts'
import { useSession } from '../parts/session.tsx'

/** What has just been done, when something led here. */
export type Done = 'erased' | 'logged-out'

export function HomePage({ done }: { readonly done: Done | undefined }) {
  const { t } = useTranslation()
  const { session } = useSession()
  const said = { erased: t('home.erased'), 'logged-out': t('home.loggedOut') }
  return (
    <Page title={t('home.title')}>
      <Announcement text={done === undefined ? undefined : said[done]} />
      <ol className="space-y-3">
        {[t('home.what1'), t('home.what2'), t('home.what3')].map((what, index) => (
          <li key={what} className="flex gap-3 text-std-16N-170">
            <span
              aria-hidden="true"
              className="flex size-8 shrink-0 items-center justify-center rounded-full bg-key-900 text-oln-16B-100 text-white"
            >
              {index + 1}
            </span>
            <span>{what}</span>
          </li>
        ))}
      </ol>
      {session == null ? <Outside /> : <Inside />}
    </Page>
  )
}

function Inside() {
  const { t } = useTranslation()
  return (
    <Card rank="h2" title={t('home.inside')}>
      <Text>{t('home.insideText')}</Text>
      <Link to="/wallet" className={buttonLook('primary')}>
        {t('home.insideAction')}
      </Link>
    </Card>
  )
}

function Outside() {
  const { t } = useTranslation()
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <Card rank="h2" title={t('home.start')}>
        <Text>{t('home.startText')}</Text>
        <p className="mt-auto">
          <Link to="/enrol" className={buttonLook('primary')} onClick={forgetNext}>
            {t('home.startAction')}
          </Link>
        </p>
      </Card>
      <Card rank="h2" title={t('home.again')}>
        <Text>{t('home.againText')}</Text>
        <p className="mt-auto">
          <Link to="/login" className={buttonLook('secondary')}>
            {t('home.againAction')}
          </Link>
        </p>
      </Card>
    </div>
  )
}
