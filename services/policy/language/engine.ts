import { CompiledPack, type AxisBounds } from './compiled-pack.ts'
import type { Seconds } from './dates.ts'
import type { Facts, JudgedFacts, JudgeOptions } from './judged-facts.ts'
import type { Note, Pack, PackOption } from './pack.ts'
import { buildSubject, type Subject } from './subject.ts'

/** What is known of one axis at an instant. */
export interface Evaluation {
  readonly bounds: AxisBounds
  /** Notes of the axis that certainly hold. */
  readonly notes: readonly Note[]
  /** Whether another note may hold. */
  readonly openNotes: boolean
  /** The first later instant at which the value may be another; Infinity for never. */
  readonly nextTurn: number
}

/** Facts that a back-end has read, for one way in which their open outcomes are taken to turn out. */
export interface Reading extends Pick<JudgedFacts, 'outcomes' | 'statusEnds' | 'verifiedAt'> {
  /** `measuredAt` is when ages were measured; facts are read the same at any time. */
  evaluate(axis: string, now: Seconds, measuredAt: Seconds): Evaluation
}

/** A back-end of the language, over one pack and its options. All of them give the same. */
export interface Engine {
  /** Nothing where another back-end must be asked: for an axis that this one has no code for, or facts that it cannot hold. */
  read(axis: string, facts: Facts, supposed: Supposed): Reading | undefined
}

/** A piece that is taken as revoked, and how open outcomes are taken to turn out. */
export type Supposed = Omit<JudgeOptions, 'zone'>

/** Rules as closures: for every axis and any facts, also where code from strings is forbidden. */
export class ClosureEngine implements Engine {
  readonly #pack: CompiledPack
  readonly #options: ReadonlyMap<string, PackOption>

  constructor(pack: Pack, options: ReadonlyMap<string, PackOption>) {
    this.#pack = new CompiledPack(pack)
    this.#options = options
  }

  read(_axis: string, facts: Facts, supposed: Supposed): Reading {
    const { catalogue, zone } = this.#pack.pack
    const subject = buildSubject(facts, {
      ...{ catalogue, zone, options: this.#options },
      ...supposed,
    })
    const { outcomes, statusEnds, verifiedAt } = subject
    return {
      ...{ outcomes, statusEnds, verifiedAt },
      evaluate: (axis, now, measuredAt) => this.#evaluate(subject, axis, now, measuredAt),
    }
  }

  #evaluate(
    { roots, verifiedAt }: Subject,
    axis: string,
    now: Seconds,
    measuredAt: Seconds,
  ): Evaluation {
    const env = {
      ...{ roots, now, measuredAt },
      axes: new Map<string, number>(),
      variables: [],
      nextTurn: Number.POSITIVE_INFINITY,
    }
    const bounds = this.#pack.evaluate(axis, env, verifiedAt)
    const { held, open } = this.#pack.notes(axis, env, verifiedAt)
    return { bounds, notes: held, openNotes: open, nextTurn: env.nextTurn }
  }
}
