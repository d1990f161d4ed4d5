import { useRouter } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button, type ButtonKind } from './button.tsx'
import { forgetNext, keptNext } from './return-path.ts'

/** The way back to the service's request that a visit to the card began from; else to the wallet, or nothing without one. */
export function Onward(props: { readonly kind?: ButtonKind; readonly requestOnly?: boolean }) {
  const { t } = useTranslation()
  const router = useRouter()
  const [next] = useState(keptNext)
  const toRequest = next?.startsWith('/authorize/') === true
  if (!toRequest && props.requestOnly === true) return null
  return (
    <Button
      kind={props.kind ?? 'primary'}
      onPress={() => {
        forgetNext()
        router.history.push(toRequest ? next : '/wallet')
      }}
    >
      {toRequest ? t('enrolReturn.backToRequest') : t('enrolReturn.toWallet')}
    </Button>
  )
}
