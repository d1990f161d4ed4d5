import { AlgorithmNotAllowed, MalformedDer } from './errors.ts'
import {
  passed,
  passedCheck,
  stopped,
  type Check,
  type CheckId,
  type Failure,
  type Verdict,
} from './verdict.ts'

export interface Outcome<T> {
  readonly verdict: Verdict
  /** Present when and only when the verdict is PASSED. */
  readonly verified: T | null
}

/** Carries a failed step out of the list of steps; never leaves this file. */
class StepFailed extends Error {
  readonly failure: Failure
  constructor(failure: Failure) {
    super(failure.expected)
    this.failure = failure
  }
}

/** Ends the step that is being taken, and the verification with it. */
export function failStep(failure: Failure): never {
  throw new StepFailed(failure)
}

/** Notes what was checked while a verification goes through its steps. */
export class VerificationSteps {
  /** The time for which the verdict will hold: what is proven of it may change on the way. */
  at: Date
  readonly #checks: Check[] = []
  #current: CheckId | null = null

  constructor(at: Date) {
    this.at = at
  }

  get checks(): readonly Check[] {
    return this.#checks
  }

  /** The step that was begun and did not end. */
  get current(): CheckId | null {
    return this.#current
  }

  take<T>(id: CheckId, work: () => T): T {
    this.#current = id
    const value = work()
    this.#current = null
    this.#checks.push(passedCheck(id))
    return value
  }

  /** Notes a check that decides nothing by itself. */
  note(check: Check): void {
    this.#checks.push(check)
  }
}

/**
 * Verifies in steps, failing closed. The typed errors of reading and `failStep` become the failure of the step that they
 * happened in; anything else is a fault of ours and is thrown on.
 */
export function verifyInSteps<T>(at: Date, work: (steps: VerificationSteps) => T): Outcome<T> {
  const steps = new VerificationSteps(at)
  try {
    return { verified: work(steps), verdict: passed(steps.at, steps.checks) }
  } catch (error) {
    const failure = failureOf(error)
    if (failure === null || steps.current === null) throw error
    return { verified: null, verdict: stopped(steps.at, steps.checks, steps.current, failure) }
  }
}

function failureOf(error: unknown): Failure | null {
  if (error instanceof StepFailed) return error.failure
  if (error instanceof MalformedDer) return { sub: 'FORMAT_FAILURE', expected: error.message }
  if (error instanceof AlgorithmNotAllowed) {
    return { sub: 'CRYPTO_CONSTRAINTS_FAILURE', expected: error.message }
  }
  return null
}
