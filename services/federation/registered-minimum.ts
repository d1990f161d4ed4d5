import { InvalidInput, Unavailable } from '../kernel/errors.ts'
import type { Minimum, PolicyPort } from '../policy/ports.ts'

/** A floor as it stands in a registration: what a profile asks for is up to the policy in force, whichever that comes to be. */
export interface RegisteredMinimum extends Minimum {
  /** Name of a minimum that the policy offers. */
  readonly profile?: string
}

/**
 * What a registered floor asks for now.
 * @throws Unavailable when the policy in force does not offer what it names: less than was registered is never enough
 */
export function floorsOf(
  policy: Pick<PolicyPort, 'readMinimum'>,
  registered: RegisteredMinimum,
): readonly Minimum[] {
  const found = readFloors(policy, registered)
  if (!(found instanceof InvalidInput)) return found
  throw new Unavailable(
    'the minimum of the registration is not offered by the policy in force: the operator has to mend one of them',
    { cause: found },
  )
}

/** As `floorsOf`; of a floor whose profile is not offered, what it says by itself. For what is told of it, never for an answer. */
export function knownFloors(
  policy: Pick<PolicyPort, 'readMinimum'>,
  registered: RegisteredMinimum,
): readonly Minimum[] {
  const found = readFloors(policy, registered)
  return found instanceof InvalidInput ? [registered] : found
}

/** Whether the policy in force has all that a floor names. */
export function isOffered(
  policy: Pick<PolicyPort, 'readMinimum'>,
  registered: RegisteredMinimum,
): boolean {
  return !(readFloors(policy, registered) instanceof InvalidInput)
}

/** What a floor asks for, or why the policy in force does not offer it. */
function readFloors(
  policy: Pick<PolicyPort, 'readMinimum'>,
  registered: RegisteredMinimum,
): readonly Minimum[] | InvalidInput {
  try {
    const { own, profile } = policy.readMinimum(registered)
    return profile === undefined ? [own] : [own, profile]
  } catch (error) {
    if (error instanceof InvalidInput) return error
    throw error
  }
}
