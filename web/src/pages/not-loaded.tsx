import { useTranslation } from 'react-i18next'
import { Button } from '../parts/button.tsx'
import { ErrorNotice } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'

/** A page whose code did not come, or that broke: the server may have newer pages than the ones open here. */
export function NotLoadedPage() {
  const { t } = useTranslation()
  return (
    <Page title={t('common.errorTitle')}>
      <ErrorNotice failure={{ code: 'PAGE_NOT_LOADED' }}>
        <Button
          kind="secondary"
          small
          onPress={() => {
            location.reload()
          }}
        >
          {t('common.reload')}
        </Button>
      </ErrorNotice>
    </Page>
  )
}
