import { createHash } from 'node:crypto'
import type {
  AwaitSignatureResponse,
  Signature,
  SignatureRefused,
} from '../../proto/gen/watashi/assurance/v1/signature.ts'
import type { Locale } from './texts.ts'
import { isPassing, type Stream, type WatashiClient } from './watashi-client.ts'

/** The contract that the bank asks to have signed, as a person reads it. */
export interface Contract {
  readonly title: string
  readonly text: string
}

const CONTRACTS: Readonly<Record<Locale, Contract>> = {
  ja: {
    title: '普通預金口座 契約書（見本）',
    text: `さくら見本銀行　普通預金口座　契約書（見本）

第1条　本契約は、口座の開設について定めます。
第2条　口座の開設に手数料はかかりません。
第3条　この文書は見本です。効力はありません。
`,
  },
  en: {
    title: 'Savings account, contract (sample)',
    text: `Sakura Sample Bank: savings account, contract (sample)

1. This contract is about opening an account.
2. Opening the account costs nothing.
3. This document is a sample and binds nobody.
`,
  },
}

export function contractIn(locale: Locale): Contract {
  return CONTRACTS[locale]
}

export function contractBytes({ text }: Contract): Buffer {
  return Buffer.from(text, 'utf8')
}

export type Signing =
  | { readonly kind: 'signed'; readonly signature: Signature }
  | { readonly kind: 'refused'; readonly refused: SignatureRefused | undefined }

export interface StartedSigning {
  readonly requestId: string
  readonly interactionUrl: string
  readonly contract: Contract
  readonly outcome: Promise<Signing>
}

/** Asks the person of this account, and nobody else, to sign. */
export async function startSigning(
  client: WatashiClient,
  contract: Contract,
  account: {
    readonly pairwiseSubject: string
    readonly returnUri: string
    readonly locale: Locale
  },
): Promise<StartedSigning> {
  const content = contractBytes(contract)
  const { requestId, interactionUrl } = await client.requestSignature({
    ...{ title: contract.title, mediaType: 'text/plain', content },
    digest: createHash('sha256').update(content).digest(),
    pairwiseSubject: account.pairwiseSubject,
    minimum: undefined,
    returnUri: account.returnUri,
    uiLocale: account.locale,
  })
  return { requestId, interactionUrl, contract, outcome: awaitSigning(client, requestId) }
}

const NOTHING: Signing = { kind: 'refused', refused: undefined }

async function awaitSigning(client: WatashiClient, requestId: string): Promise<Signing> {
  for (let attempt = 0; attempt < 60; attempt++) {
    try {
      return await lastOf(await client.awaitSignature(requestId))
    } catch (error) {
      if (!isPassing(error)) return NOTHING
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
  }
  return NOTHING
}

function lastOf(stream: Stream<AwaitSignatureResponse>): Promise<Signing> {
  return new Promise((resolve, reject) => {
    stream.on('data', ({ status }: AwaitSignatureResponse) => {
      if (status?.$case === 'signed') resolve({ kind: 'signed', signature: status.signed })
      if (status?.$case === 'refused') resolve({ kind: 'refused', refused: status.refused })
    })
    stream.on('error', reject)
    stream.on('end', () => resolve(NOTHING))
  })
}
