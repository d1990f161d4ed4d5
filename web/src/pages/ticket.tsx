import { useTranslation } from 'react-i18next'
import { Page, Small, Text } from '../parts/page.tsx'

/**
 * What an ordinary camera finds at the address in a code for a reception desk. It is the same for every ticket, and for what
 * is none: nothing is asked of the server, so that nobody learns by it whether a ticket exists, and none is used up.
 */
export function TicketPage() {
  const { t } = useTranslation()
  return (
    <Page title={t('ticket.title')}>
      <Text>{t('ticket.maker', { host: location.host })}</Text>
      <Text>{t('ticket.use')}</Text>
      <Text>{t('ticket.own')}</Text>
      <Small>{t('ticket.secret')}</Small>
    </Page>
  )
}
