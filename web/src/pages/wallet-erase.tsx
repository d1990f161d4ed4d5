import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ApiError } from '../api/client.ts'
import { eraseEverything } from '../api/wallet.ts'
import { logInWithCard, logInWithPasskey } from '../log-in.ts'
import { useAction } from '../parts/asking.ts'
import { Button } from '../parts/button.tsx'
import { Checkbox } from '../parts/choice.tsx'
import { Confirm } from '../parts/dialog.tsx'
import { Warning } from '../parts/notice.tsx'
import { useSession } from '../parts/session.tsx'

/** Erasing everything: what it means, a tick that it was understood, and a fresh login where the last one is too old. */
export function EraseDialog(props: { readonly open: boolean; readonly onClose: () => void }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const { ended } = useSession()
  const [understood, setUnderstood] = useState(false)
  const [stale, setStale] = useState(false)
  const erasing = useAction()
  async function erase(): Promise<void> {
    if (stale) await logInWithPasskey()
    try {
      await eraseEverything()
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'FRESH_LOGIN_REQUIRED') throw error
      // A passkey needs a press of its own: browsers want a gesture for each ceremony.
      setStale(true)
      return
    }
    ended()
    await navigate({ to: '/', search: { done: 'erased' } })
  }
  function close(): void {
    setUnderstood(false)
    setStale(false)
    erasing.forget()
    props.onClose()
  }
  return (
    <Confirm
      open={props.open}
      onClose={close}
      title={t('erase.title')}
      confirm={stale ? t('erase.freshAction') : t('erase.confirm')}
      confirmDisabled={!understood}
      busyText={t('erase.erasing')}
      action={erasing}
      onConfirm={() => {
        erasing.run(erase)
      }}
    >
      {/* Understood by then; together with the ways to log in it would be higher than a phone. */}
      {!stale && (
        <ul className="ml-5 list-disc space-y-2 text-std-16N-170">
          <li>{t('erase.what1')}</li>
          <li>{t('erase.what2')}</li>
          <li>{t('erase.what3')}</li>
        </ul>
      )}
      <Checkbox checked={understood} onChange={setUnderstood}>
        {t('erase.understood')}
      </Checkbox>
      <div role="status">
        {stale && (
          <Warning>
            <p>{t('erase.fresh')}</p>
            <p>{t('erase.cardFresh')}</p>
            <Button
              kind="secondary"
              small
              onPress={() => {
                erasing.run(() => logInWithCard('/wallet'))
              }}
            >
              {t('erase.cardFreshAction')}
            </Button>
          </Warning>
        )}
      </div>
    </Confirm>
  )
}
