import { useTranslation } from 'react-i18next'
import type { PersonaKind } from '../api/wallet.ts'

/** A persona by the name the person gave it, and its kind where the name does not say it. */
export function PersonaName(props: {
  readonly persona: { readonly kind: PersonaKind; readonly label: string }
  /** Chosen for this service at an earlier visit. */
  readonly fixed?: boolean
}) {
  const { t } = useTranslation()
  const kind = t(`personas.${props.persona.kind}.name`)
  const { label } = props.persona
  return (
    <>
      {label === kind ? label : `${label} (${kind})`}
      {props.fixed === true && (
        <span className="block text-dns-14N-130 leading-160 text-solid-gray-700">
          {t('authorize.personaFixed')}
        </span>
      )}
    </>
  )
}
