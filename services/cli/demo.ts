import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '../config.ts'
import { startApplication, type Application } from '../context.ts'
import { systemClock } from '../kernel/clock.ts'
import { InvalidInput, NotFound, ServiceError } from '../kernel/errors.ts'
import { systemRandom } from '../kernel/random.ts'
import { SAMPLE_PEOPLE, SAMPLE_PINS } from '../simulator/people.ts'
import type { PersonView } from '../simulator/desk.ts'
import { Person } from './demo/person.ts'
import { RelyingParty } from './demo/relying-party-grpc.ts'
import { tellStory, type Cast, type Told } from './demo/story.ts'
import { EXIT, type PolicyIo } from './policy-io.ts'

export interface DemoOptions {
  readonly json: boolean
  readonly language: string
}

/**
 * `watashi demo`: starts an instance of its own in a temporary folder and plays the story against its public faces, with a
 * software authenticator for the phone and a simulated card. Exit code 0 when every step came out as it must.
 */
export async function runDemo(
  options: DemoOptions,
  io: Pick<PolicyIo, 'print' | 'complain'>,
): Promise<number> {
  const language = options.language
  if (language !== 'ja' && language !== 'en') throw new InvalidInput('--lang', 'ja or en')
  const dataDir = mkdtempSync(join(tmpdir(), 'watashi-demo-'))
  const application = await startApplication(demoConfig(dataDir))
  const cast = castOf(application, dataDir, language)
  try {
    for await (const step of tellStory(cast)) print(step, options.json, language, io)
    return EXIT.holds
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    io.complain(`watashi demo: ${error.message}`)
    return EXIT.doesNotHold
  } finally {
    for (const relyingParty of [cast.library, cast.liquor, cast.bank]) relyingParty.close()
    await application.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

function demoConfig(dataDir: string) {
  const free = ['HTTP', 'GRPC', 'GRPC_BEARER', 'AGENT', 'SIMULATOR', 'SAMPLE_RP', 'OPERATOR'].map(
    (name) => [`${name}_PORT`, '0'],
  )
  return readConfig({
    ...Object.fromEntries(free),
    DATA_DIR: dataDir,
    LOG_LEVEL: 'error',
  } as Record<string, string>)
}

/** Who plays: the sample person of the usual case, and the three sample services as gRPC clients. */
export function castOf(
  { ready }: Pick<Application, 'ready'>,
  dataDir: string,
  language: 'ja' | 'en',
): Cast {
  const { issuer, desk = '', samples = {} } = ready
  const keysDir = join(dataDir, 'keys')
  const service = (rpId: string, method: 'certificate' | 'assertion'): RelyingParty =>
    new RelyingParty({
      rpId,
      method,
      keysDir,
      issuer,
      address: method === 'certificate' ? ready.grpc : ready.grpcBearer,
    })
  const back = (rpId: string): string => `${samples[rpId] ?? ''}/return`
  return {
    person: new Person({ issuer, dataDir, clock: systemClock, random: systemRandom }),
    library: service('library', 'certificate'),
    liquor: service('liquor', 'certificate'),
    bank: service('bank', 'assertion'),
    returnUris: { library: back('library'), liquor: back('liquor'), bank: back('bank') },
    cardId: `${SAMPLE_PEOPLE.happyPath}-card`,
    pin: SAMPLE_PINS.signature,
    endCertificate: () => endCertificate(desk, SAMPLE_PEOPLE.happyPath),
    language,
  }
}

/** What a clerk does at the issuer's desk: the signature certificate on the person's card is no longer needed. */
export async function endCertificate(desk: string, personId: string): Promise<void> {
  const base = `http://127.0.0.1:${new URL(desk).port}`
  const { people } = (await (await fetch(`${base}/api/people`)).json()) as { people: PersonView[] } // the simulator's own form
  const certificate = people
    .find(({ id }) => id === personId)
    ?.tokens.find(({ kind }) => kind === 'card')
    ?.certificates.find(({ family, current }) => family === 'signature' && current)
  if (certificate === undefined) throw new NotFound('the person has no signature certificate')
  const answer = await fetch(`${base}/api/certificates/${certificate.id}/revoke`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ reason: 'cessationOfOperation' }),
  })
  if (!answer.ok) throw new NotFound('the issuer refused to end the certificate')
}

function print(
  step: Told,
  json: boolean,
  language: 'ja' | 'en',
  io: Pick<PolicyIo, 'print'>,
): void {
  if (json) {
    io.print(JSON.stringify(step))
    return
  }
  io.print(`\n■ ${step.title[language]}`)
  for (const [name, value] of Object.entries(step.outcome)) {
    if (value !== undefined)
      io.print(`    ${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
  }
  for (const why of step.why) io.print(`    ← ${why}`)
}
