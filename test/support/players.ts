import { castOf } from '../../services/cli/demo.ts'
import { Person } from '../../services/cli/demo/person.ts'
import type { Cast } from '../../services/cli/demo/story.ts'
import { systemClock } from '../../services/kernel/clock.ts'
import { systemRandom } from '../../services/kernel/random.ts'
import type { PersonView } from '../../services/simulator/desk.ts'
import { SAMPLE_PINS } from '../../services/simulator/people.ts'
import type { CertificateFamily } from '../../services/simulator/profile.ts'
import type { Instance } from './instance.ts'

type Place = Pick<Instance, 'ready' | 'dataDir'>

/** The sample services and the usual person, against a running process. */
export function castAt({ ready, dataDir }: Place): Cast {
  return castOf({ ready }, dataDir, 'en')
}

export function closeCast({ library, liquor, bank }: Cast): void {
  for (const relyingParty of [library, liquor, bank]) relyingParty.close()
}

/** Somebody with a browser and a phone of their own. */
export function someone({ ready, dataDir }: Place): Person {
  return new Person({ issuer: ready.issuer, dataDir, clock: systemClock, random: systemRandom })
}

/** Somebody whose browser has a passkey that a card or phone vouched for, and is logged in. */
export async function enrolledWith(place: Place, tokenId: string): Promise<Person> {
  const person = someone(place)
  await person.enrol(tokenId, SAMPLE_PINS.signature)
  await person.logIn()
  await person.untilProofed()
  return person
}

/** What a clerk does at the issuer's desk, for example `atDesk(instance, 'people/misaki/move', {…})`. */
export async function atDesk(
  { ready }: Place,
  order: string,
  body: Readonly<Record<string, string>> = {},
): Promise<readonly PersonView[]> {
  const answer = await fetch(`${desk(ready.desk)}/api/${order}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`the desk refused ${order}: ${await answer.text()}`)
  return ((await answer.json()) as { people: PersonView[] }).people // the simulator's own form
}

/** Id of the certificate that is on a card or phone now. */
export async function certificateOn(
  { ready }: Place,
  tokenId: string,
  family: CertificateFamily = 'signature',
): Promise<string> {
  const answer = await fetch(`${desk(ready.desk)}/api/people`)
  const { people } = (await answer.json()) as { people: PersonView[] } // the simulator's own form
  const found = people
    .flatMap(({ tokens }) => tokens)
    .find(({ id }) => id === tokenId)
    ?.certificates.find((one) => one.family === family && one.current)
  if (found === undefined) throw new Error(`no ${family} certificate on ${tokenId}`)
  return found.id
}

/** Node does not resolve `*.localhost`. */
function desk(url = ''): string {
  return `http://127.0.0.1:${new URL(url).port}`
}
