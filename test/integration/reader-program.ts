// Run beside a virtual reader with a simulated card in its first slot: what our own client finds there, as one line of JSON.
import { verify, X509Certificate } from 'node:crypto'
import { JpkiCard, type CardKeyUse } from '../../services/card/jpki-card.ts'
import { openCardReaders } from '../../services/card/pcsc-transport.ts'
import { insertSimulatedCard } from '../../services/cli/card-insert.ts'
import { utf8 } from '../../services/kernel/bytes.ts'
import { errorCode } from '../../services/kernel/errors.ts'
import { systemRandom } from '../../services/kernel/random.ts'
import { Secret } from '../../services/kernel/secret.ts'
import { CardError } from '../../services/card/card-error.ts'
import { cardsInReaders } from '../support/cards-in-readers.ts'

interface Signed {
  /** Base64 DER. */
  readonly certificate: string
  readonly verified: boolean
}

export interface ReaderFindings {
  readonly found: readonly string[]
  readonly authentication: Signed
  readonly signature: Signed
  readonly wrongPin: { readonly code: string; readonly triesLeft: number | undefined }
  readonly triesAfter: number | 'open'
  readonly second: string
  readonly afterClose: string
  readonly takenOut: string
  readonly foundAfter: readonly string[]
}

const PIN = { authentication: new Secret('1234'), signature: new Secret('ABC123') }
const message = utf8('a message')
const readers = await openCardReaders()

async function failure(step: Promise<unknown>): Promise<unknown> {
  return step.then(
    () => new Error('expected a failure'),
    (error: unknown) => error,
  )
}

async function signed(card: JpkiCard, use: CardKeyUse): Promise<Signed> {
  await card.verifyPin(use, PIN[use])
  const certificate = new X509Certificate(await card.readCertificate(use))
  const signature = await card.sign(use, message)
  return {
    certificate: certificate.raw.toString('base64'),
    verified: verify('sha256', message, certificate.publicKey, signature),
  }
}

const inserted = await insertSimulatedCard(
  { environment: 'simulator', dataDir: process.env['DATA'] ?? '', random: systemRandom },
  'ichiro-card',
  { host: '127.0.0.1', port: 35964 },
)
const [first, second] = await cardsInReaders(readers, 2)
if (!first || !second) throw new Error('expected two cards')
const found = [first, second].map(({ title }) => title.en)

const card = await JpkiCard.open(await readers.open(first.id))
const wrong = await failure(card.verifyPin('authentication', new Secret('0000')))
const authentication = await signed(card, 'authentication')
const triesAfter = await card.triesLeft('authentication')
const signature = await signed(card, 'signature')
const held = await failure(readers.open(first.id))
await card.close()

const again = await JpkiCard.open(await readers.open(first.id))
const afterClose = await failure(again.sign('authentication', message))
await again.close()

const leaving = await JpkiCard.open(await readers.open(second.id))
await leaving.verifyPin('authentication', PIN.authentication)
inserted.takeOut()
await inserted.removed
const takenOut = await failure(leaving.sign('authentication', message))
await leaving.close()

const findings: ReaderFindings = {
  found,
  authentication,
  signature,
  wrongPin: {
    code: errorCode(wrong),
    triesLeft: wrong instanceof CardError ? wrong.triesLeft : undefined,
  },
  triesAfter,
  second: errorCode(held),
  afterClose: errorCode(afterClose),
  takenOut: errorCode(takenOut),
  foundAfter: (await cardsInReaders(readers, 1)).map(({ title }) => title.en),
}
readers.close()
process.stdout.write(`${JSON.stringify(findings)}\n`)
