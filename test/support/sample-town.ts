import { join } from 'node:path'
import { systemClock } from '../../services/kernel/clock.ts'
import { systemRandom } from '../../services/kernel/random.ts'
import type { NewPerson } from '../../services/simulator/people.ts'
import { openSimulator } from '../../services/simulator/simulator-core.ts'
import { stateFile } from '../../services/simulator/state.ts'

/** Where the serials of each authority begin: seven bytes, so that one of them is found by chance nowhere. */
export interface FirstSerials {
  readonly signature: number
  readonly authentication: number
}

/** Linkage does not know a certificate that was issued just now. */
const MONTHS_AGO = 200 * 24 * 60 * 60 * 1000

/** Serials of every certificate that the people have, by family. */
export type Serials = readonly number[]

/**
 * Prepares the simulator's folder of an instance that has not started yet: these people instead of the samples, with
 * serials of our choice. The instance finds them as those of an earlier start.
 */
export async function settlePeople(
  dataDir: string,
  people: readonly NewPerson[],
  first: FirstSerials,
): Promise<Serials> {
  const options = {
    environment: 'simulator',
    dataDir,
    clock: systemClock,
    random: systemRandom,
  } as const
  await openSimulator({ ...options, people: [] })
  const store = stateFile(join(dataDir, 'simulator'))
  const state = store.load()
  if (state === undefined) throw new Error('the simulator left no state')
  state.authorities.signature.nextSerial = first.signature
  state.authorities.authentication.nextSerial = first.authentication
  store.save(state)
  const { office } = await openSimulator(options)
  const issuedAt = new Date(systemClock.now().getTime() - MONTHS_AGO)
  for (const person of people) await office.addPerson({ issuedAt, ...person })
  return office.certificates.map(({ serial }) => serial)
}
