import type { Json } from '../../services/kernel/canonical-json.ts'
import { checkRecord, type Catalogue } from '../../services/policy/language/catalogue.ts'
import { formatTime, type Seconds } from '../../services/policy/language/dates.ts'
import type { Facts } from '../../services/policy/language/judged-facts.ts'
import type { Type } from '../../services/policy/language/types.ts'

/** A reproducible stream of numbers (xorshift). */
export class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 0 || 1
  }

  /** From 0 to `limit` - 1. */
  below(limit: number): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x
    return (x >>> 0) % limit
  }

  chance(percent: number): boolean {
    return this.below(100) < percent
  }

  pick<T>(from: readonly T[]): T | undefined {
    return from[this.below(from.length)]
  }
}

/** What the numbers of a record are drawn from: near the limits that rules name. */
const INTEGERS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 14, 15, 16, 20, 30, 99, 100]
const AGES = [
  0, 1, 60, 599, 600, 601, 900, 901, 3600, 3601, 43_200, 43_201, 86_400, 86_401, 2_592_000,
]
const DAY = 86_400

/** Draws facts of the whole catalogue; some are cases of tests in which fields were changed. */
export class FactDrawer {
  readonly #catalogue: Catalogue
  readonly #dice: Dice
  readonly #cases: readonly Facts[]
  readonly #labels: readonly string[]
  readonly #now: Seconds

  constructor(
    catalogue: Catalogue,
    dice: Dice,
    from: {
      readonly cases: readonly Facts[]
      readonly labels: readonly string[]
      readonly now: Seconds
    },
  ) {
    this.#catalogue = catalogue
    this.#dice = dice
    this.#cases = from.cases
    this.#labels = from.labels
    this.#now = from.now
  }

  draw(): Facts {
    const facts: Record<string, Json> = {}
    const [base, other] = [this.#dice.pick(this.#cases), this.#dice.pick(this.#cases)]
    for (const [name, type] of this.#catalogue.roots) {
      const from = this.#dice.chance(15) ? other : this.#dice.chance(75) ? base : undefined
      const own = from?.[name]
      if (own !== undefined) facts[name] = this.#changed(own, name, type)
      else if (this.#dice.chance(40)) {
        const drawn = this.#root(name, type)
        if (drawn !== undefined) facts[name] = drawn
      }
    }
    return facts
  }

  #root(name: string, type: Type): Json | undefined {
    return name === 'checks'
      ? Array.from({ length: this.#dice.below(8) }, () => this.#check())
      : this.#value(type)
  }

  /** The same with some fields drawn anew, items repeated or dropped. */
  #changed(value: Json, name: string, type: Type): Json {
    if (name === 'checks' && Array.isArray(value)) {
      const kept = (value as readonly Facts[]).flatMap((check) => this.#changedCheck(check))
      return this.#dice.chance(20) ? [...kept, this.#check()] : kept
    }
    if (type.kind === 'list' && Array.isArray(value)) {
      const kept = (value as readonly Facts[]).flatMap((item) =>
        this.#dice.chance(10) ? [] : [this.#changedRecord(item, type.record)],
      )
      return this.#dice.chance(20) ? [...kept, this.#record(type.record)] : kept
    }
    return type.kind === 'record' ? this.#changedRecord(value as Facts, type.record) : value
  }

  #changedCheck(check: Facts): readonly Facts[] {
    if (this.#dice.chance(7)) return []
    // A check of a case has a type, or the schema would have refused it.
    const changed: Record<string, Json> = {
      ...this.#changedRecord(check, checkRecord(check['type'] as string)),
    }
    if (this.#dice.chance(10)) changed['result'] = 'unknown'
    if (this.#dice.chance(5)) changed['result'] = 'fail'
    return [changed]
  }

  #changedRecord(value: Facts, record: string): Facts {
    const changed: Record<string, Json> = { ...value }
    for (const [field, type] of this.#catalogue.records.get(record) ?? []) {
      if (!this.#dice.chance(8)) continue
      const drawn = this.#dice.chance(30) ? undefined : this.#value(type)
      if (drawn === undefined) delete changed[field]
      else changed[field] = drawn
    }
    return changed
  }

  #check(): Facts {
    const type = this.#dice.pick(this.#catalogue.checkTypes) ?? 'match'
    const results =
      type === 'status'
        ? ['good', 'good', 'revoked', 'suspended', 'unknown']
        : ['pass', 'pass', 'pass', 'fail', 'unknown']
    const on = this.#dice.chance(70) ? { on: `e${this.#dice.below(4)}` } : {}
    return {
      ...this.#record(checkRecord(type)),
      type,
      result: this.#dice.pick(results) ?? 'pass',
      ...on,
    }
  }

  #record(name: string): Facts {
    const record: Record<string, Json> = {}
    for (const [field, type] of this.#catalogue.records.get(name) ?? []) {
      const drawn = this.#dice.chance(75) ? this.#value(type) : undefined
      if (drawn !== undefined) record[field] = drawn
    }
    return record
  }

  #value(type: Type): Json | undefined {
    const dice = this.#dice
    switch (type.kind) {
      case 'flag':
        return dice.chance(70)
      case 'enum':
        return dice.pick(type.members)
      case 'set':
        return type.of.members.filter(() => dice.chance(30))
      case 'int':
        return dice.pick(INTEGERS)
      case 'age':
        return dice.pick(AGES)
      case 'timestamp':
        return formatTime(this.#now + (dice.below(800) - 500) * DAY + dice.below(3) - 1)
      case 'key':
        return `e${dice.below(4)}`
      case 'label':
        return dice.pick(this.#labels)
      case 'record':
        return this.#record(type.record)
      case 'list':
        return Array.from({ length: dice.below(4) }, () => this.#record(type.record))
      default:
        return undefined
    }
  }
}
