import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../services/kernel/clock.ts'
import { systemRandom } from '../../services/kernel/random.ts'
import { openSimulator } from '../../services/simulator/simulator-core.ts'
import type { EnrolFindings } from './enrol-program.ts'
import type { ReaderFindings } from './reader-program.ts'

const root = join(import.meta.dirname, '../..')
const CARD = 'hanako-card'

/** Debian packages by a program of each. */
const PACKAGES = { 'opensc-tool': 'opensc', pcscd: 'pcscd', unshare: 'util-linux' }

function missing(): string[] {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin']
  const absent = Object.entries(PACKAGES)
    .filter(([program]) => !folders.some((folder) => existsSync(join(folder, program))))
    .map(([, name]) => name)
  const driver = '/usr/lib/pcsc/drivers/serial/libifdvpcd.so'
  return existsSync(driver) ? absent : [...absent, 'vsmartcard-vpcd']
}

const absent = missing()
if (absent.length > 0) {
  const reason = `OpenSC against the simulated card needs the Debian packages ${absent.join(', ')}`
  if (process.env['CI'] === 'true') throw new Error(reason)
  console.warn(`SKIPPED: ${reason}`)
}

/** What the script prints between `## name` and the next such line. */
const SCRIPT = `
cd "$DATA"
echo '## name'; opensc-tool --name
echo '## objects'; pkcs15-tool --list-certificates --list-pins
# Before any PIN: a verified one may outlive the program that gave it, until the reader takes the power away.
pkcs15-tool --read-certificate 02 --output refused.pem
pkcs15-tool --read-certificate 01 --output authentication.pem
pkcs15-tool --read-certificate 02 --verify-pin --auth-id 02 --pin ABC123 --output signature.pem
printf 'a message' >message
module=$(ls /usr/lib/*/opensc-pkcs11.so | head -1)
sign() { pkcs11-tool --module "$module" --slot-index "$1" --login --pin "$2" --sign --id "$3" -m SHA256-RSA-PKCS -i message -o "$4" 2>&1; }
sign 0 1234 01 authentication.sig >signing.log
sign 1 ABC123 02 signature.sig >>signing.log
for key in authentication signature; do
  echo "## verified $key"
  openssl x509 -in $key.pem -noout -pubkey >$key.pub
  openssl dgst -sha256 -verify $key.pub -signature $key.sig message
done
echo '## own client'; node "$ROOT/test/integration/reader-program.ts"
echo '## enrolment'; node "$ROOT/test/integration/enrol-program.ts"
echo '## wrong'; for _ in 1 2 3; do sign 0 0000 01 never.sig | grep -o 'CKR_PIN[A-Z_]*' | head -1; done
echo '## locked'; pkcs15-tool --list-pins | grep 'Tries left' | head -1
echo '## right, too late'; sign 0 1234 01 never.sig || true
`

describe.skipIf(absent.length > 0)('the simulated card under the driver that others wrote', () => {
  const data = mkdtempSync(join(tmpdir(), 'watashi-opensc-'))
  const sections = new Map<string, string>()
  let cards: Awaited<ReturnType<typeof openSimulator>>['cards'] | undefined
  beforeAll(async () => {
    const simulator = await openSimulator({
      environment: 'simulator',
      dataDir: data,
      clock: systemClock,
      random: systemRandom,
    })
    cards = simulator.cards
    writeFileSync(join(data, 'script.sh'), SCRIPT)
    const { stdout } = await promisify(execFile)(
      'test/support/card-reader.sh',
      [data, CARD, join(data, 'script.sh')],
      { cwd: root, env: { ...process.env, DATA: data, ROOT: root, LC_ALL: 'C' } },
    )
    for (const [, name = '', text = ''] of stdout.matchAll(/^## (.*)\n((?:(?!## ).*\n)*)/gm)) {
      sections.set(name, text.trim())
    }
  }, 300_000)
  afterAll(() => rm(data, { recursive: true, force: true }))

  const stored = (use: 'authentication' | 'signature'): string | undefined =>
    cards?.card(CARD)[use]?.certificate
  const read = (use: string): string =>
    new X509Certificate(readFileSync(join(data, `${use}.pem`))).raw.toString('base64')

  test('is a JPKI card with four certificates and two PINs', () => {
    expect(sections.get('name')).toBe('jpki')
    const objects = sections.get('objects') ?? ''
    expect(objects.match(/^X\.509 Certificate/gm)).toHaveLength(4)
    expect(objects.match(/Tries left +: \d/g)?.map((line) => line.at(-1))).toEqual(['3', '5'])
  })

  test('gives both certificates byte for byte, the one for signatures with its password only', () => {
    expect(read('authentication')).toBe(stored('authentication'))
    expect(read('signature')).toBe(stored('signature'))
    expect(existsSync(join(data, 'refused.pem'))).toBe(false)
  })

  test('signs with both keys', () => {
    expect(sections.get('verified authentication')).toBe('Verified OK')
    expect(sections.get('verified signature')).toBe('Verified OK')
  })

  describe('read by our own client over PC/SC', () => {
    const seen = () => JSON.parse(sections.get('own client') ?? '{}') as ReaderFindings

    test('is found in each of two readers, by asking it and by no ATR', () => {
      expect(seen().found).toEqual([
        'Card reader (Virtual PCD 00 00)',
        'Card reader (Virtual PCD 00 01)',
      ])
    })

    test('gives both certificates and signs with both keys', () => {
      for (const use of ['authentication', 'signature'] as const) {
        expect(seen()[use]).toEqual({ certificate: stored(use), verified: true })
      }
    })

    test('tells a wrong PIN and the tries left, and gives them back for the right one', () => {
      expect(seen().wrongPin).toEqual({ code: 'PIN_WRONG', triesLeft: 2 })
      expect(seen().triesAfter).toBe(3)
    })

    test('is held alone, and reset when it is let go of', () => {
      expect(seen().second).toBe('CARD_IN_USE')
      expect(seen().afterClose).toBe('CARD_PROTOCOL')
    })

    test('is missed when it is taken out between PIN and signature', () => {
      expect(seen().takenOut).toBe('CARD_REMOVED')
      expect(seen().foundAfter).toEqual(['Card reader (Virtual PCD 00 00)'])
    })
  })

  describe('in a terminal, with the whole product', () => {
    const seen = () => JSON.parse(sections.get('enrolment') ?? '{}') as EnrolFindings

    test('enrols its holder, whose passkey then stands for them', () => {
      const { reader, enrolled, level } = seen()
      expect(reader).toBe('Card reader (Virtual PCD 00 00)')
      expect(enrolled.code).toBe(0)
      expect(enrolled.shown).toContain(reader)
      expect(enrolled.shown).toContain('accepted')
      expect(level).toBe('IAL2')
    })

    test('enrols nobody with a wrong PIN, and says how many tries are left', () => {
      const { wrongPin, loginBefore } = seen()
      expect(wrongPin.code).not.toBe(0)
      expect(wrongPin.shown).toContain('4 more wrong PINs lock the card')
      expect(wrongPin.shown).not.toContain('WRONG1')
      expect(loginBefore).not.toBe('done')
    })
  })

  test('locks the PIN after three wrong ones, also for the right one', () => {
    expect(sections.get('wrong')?.split('\n')).toHaveLength(3)
    expect(sections.get('locked')).toMatch(/: 0$/)
    expect(sections.get('right, too late')).toMatch(/C_Login failed/)
    expect(existsSync(join(data, 'never.sig'))).toBe(false)
  })
})
