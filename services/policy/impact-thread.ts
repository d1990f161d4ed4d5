import { performTasks } from '../kernel/task-thread.ts'
import { InvalidInput, ServiceError } from '../kernel/errors.ts'
import type { ActivePolicy } from './active-policy.ts'
import type { Impact } from './impact.ts'
import { PolicyLibrary, type PolicyDocuments } from './policy-library.ts'
import { Population, type KnownPerson } from './population.ts'

/** What the thread is asked; it holds everybody who is known. */
export type ImpactTask =
  | { readonly kind: 'put'; readonly persons: readonly KnownPerson[] }
  | {
      readonly kind: 'impact'
      /** Documents in force, named by their digest; told when they are others than before. */
      readonly before: { readonly digest: string; readonly documents: PolicyDocuments | undefined }
      /** Texts that are others in the draft. */
      readonly changes: ReadonlyMap<string, string | null>
      readonly pack: string
      readonly now: Date
    }

export interface ImpactAnswers {
  readonly put: null
  readonly impact: Impact | { readonly refused: string }
}

interface InForce {
  readonly digest: string
  readonly library: PolicyLibrary
  readonly policy: ActivePolicy
}

const population = new Population()
let inForce: InForce | undefined

function perform(task: ImpactTask): ImpactAnswers[ImpactTask['kind']] {
  switch (task.kind) {
    case 'put':
      for (const person of task.persons) population.put(person)
      return null
    case 'impact':
      return impact(task)
    default:
      return task satisfies never
  }
}

function impact(task: ImpactTask & { readonly kind: 'impact' }): ImpactAnswers['impact'] {
  const { library, policy } = baseOf(task)
  try {
    const documents = new Map(library.documents)
    for (const [path, text] of task.changes)
      if (text === null) documents.delete(path)
      else documents.set(path, text)
    const draft = new PolicyLibrary(documents, undefined, library).policyOf(task.pack)
    return population.impact(policy, draft, task.now)
  } catch (error) {
    // What an author wrote is at fault; anything else ends the thread.
    if (!(error instanceof ServiceError)) throw error
    return { refused: error.message }
  }
}

function baseOf({ before, pack }: ImpactTask & { readonly kind: 'impact' }): InForce {
  if (inForce?.digest === before.digest) return inForce
  if (before.documents === undefined)
    throw new InvalidInput('before.documents', 'the documents, since others were told before')
  const library = new PolicyLibrary(before.documents)
  return (inForce = { digest: before.digest, library, policy: library.policyOf(pack) })
}

performTasks<ImpactTask, ImpactAnswers>(perform)
