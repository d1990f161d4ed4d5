// Run beside a virtual reader with a simulated card in it: the product, and somebody who enrols in a terminal with that card. Prints
// what came of it as one line of JSON.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { openCardReaders } from '../../services/card/pcsc-transport.ts'
import { errorCode } from '../../services/kernel/errors.ts'
import { SAMPLE_PINS } from '../../services/simulator/people.ts'
import { cardsInReaders } from '../support/cards-in-readers.ts'
import { startInstance } from '../support/instance.ts'
import { someone } from '../support/players.ts'

export interface EnrolFindings {
  /** The reader's name, as the person is shown it. */
  readonly reader: string
  readonly wrongPin: { readonly code: number | null; readonly shown: string }
  readonly loginBefore: string
  readonly enrolled: { readonly code: number | null; readonly shown: string }
  /** IAL after the login with the new passkey. */
  readonly level: string | undefined
}

const dataDir = process.env['DATA'] ?? ''
const readers = await openCardReaders()
const [choice] = await cardsInReaders(readers, 1)
readers.close()
if (choice === undefined) throw new Error('expected a card in a reader')

// What was issued at the first start in this folder is what the reader has.
const instance = await startInstance({ dataDir })

/** `watashi card enrol`, each line typed as it is asked for. */
function enrol(ticket: string, ...typed: readonly string[]) {
  const { status, stdout } = spawnSync(
    process.execPath,
    ['services/cli.ts', 'card', 'enrol', ticket, '--card', choice?.id ?? ''],
    {
      cwd: join(import.meta.dirname, '../..'),
      encoding: 'utf8',
      input: typed.map((line) => `${line}\n`).join(''),
      env: { ...process.env, DATA_DIR: dataDir, ISSUER: instance.ready.issuer },
    },
  )
  return { code: status, shown: stdout }
}

try {
  const person = someone(instance)
  const ticket = await person.registerPasskey()
  const wrongPin = enrol(ticket, 'WRONG1')
  const loginBefore = await person.logIn().then(() => 'done', errorCode)
  // A ticket shows its purpose once: whoever gave up begins anew.
  const again = someone(instance)
  const second = await again.registerPasskey()
  const enrolled = enrol(second, SAMPLE_PINS.signature)
  await again.untilBound(second)
  await again.logIn()
  const { levels } = await again.untilProofed()
  const level = levels.find(({ axis }) => axis === 'IAL')?.level
  const findings: EnrolFindings = {
    ...{ reader: choice.title.en, wrongPin, loginBefore, enrolled, level },
  }
  process.stdout.write(`${JSON.stringify(findings)}\n`)
} finally {
  await instance.stop()
}
