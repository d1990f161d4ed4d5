import { toHex } from '../kernel/bytes.ts'
import { canonicalJson } from '../kernel/canonical-json.ts'
import { sha256 } from '../kernel/digest.ts'
import { InvalidInput } from '../kernel/errors.ts'
import { Frameworks } from './frameworks.ts'
import type { SourceFile } from './language/document.ts'
import type { Axis, AxisRef, LevelAxis, Pack } from './language/pack.ts'
import { INDETERMINATE } from './language/score.ts'
import type { AssuranceFlag, Minimum } from './ports.ts'

export interface LoadedPack {
  readonly pack: Pack
  readonly digest: string
}

const FLAGS: readonly AssuranceFlag[] = ['phishing_resistant', 'device_bound']

/** The pack in force with those that it uses: what may be asked for, and how levels compare. */
export class ActivePolicy {
  readonly pack: Pack
  readonly frameworks: Frameworks
  /** SHA-256 over everything that answers depend on. */
  readonly digest: string
  /** The pack in force and those that it uses. */
  readonly packs: readonly Pack[]
  readonly person: readonly AxisRef[]
  readonly ceremony: readonly AxisRef[]

  /**
   * `load` finds a used framework by its folder's name; of `documents` only the equivalences that the pack switches on are read.
   * Throws what `load` throws, and `PolicyRejected` for an equivalence that is not there.
   */
  constructor(
    active: LoadedPack,
    load: (name: string) => LoadedPack,
    documents: readonly SourceFile[] = [],
  ) {
    const used = active.pack.uses.map((use) => ({ use, loaded: load(use.framework) }))
    this.pack = active.pack
    this.packs = [active.pack, ...used.map(({ loaded }) => loaded.pack)]
    const enabled = active.pack.equivalences
    this.frameworks = new Frameworks(
      [
        { pack: active.pack },
        ...used.map(({ use, loaded }) => ({ pack: loaded.pack, options: use.options })),
      ],
      { documents, enabled },
    )
    const read = enabled.length === 0 ? [] : documents.map(({ path, text }) => [path, text])
    this.digest = toHex(
      sha256(canonicalJson([active.digest, ...used.map(({ loaded }) => loaded.digest), ...read])),
    )
    this.person = active.pack.uses.flatMap((use) => use.person)
    this.ceremony = active.pack.uses.flatMap((use) => use.ceremony)
    for (const { framework, axis } of [...this.person, ...this.ceremony])
      this.frameworks.axis(framework, axis)
  }

  /** How an axis may be asked for; `InvalidInput` naming what exists. */
  offered(
    framework: string,
    axis: string,
  ): { readonly scope: 'person' | 'ceremony'; readonly ref: AxisRef; readonly axis: LevelAxis } {
    const is = (ref: AxisRef) => ref.framework === framework && ref.axis === axis
    const person = this.person.find(is)
    const ref = person ?? this.ceremony.find(is)
    const found: Axis | undefined =
      ref === undefined ? undefined : this.frameworks.axis(framework, axis)
    if (ref === undefined || found?.kind !== 'levels') {
      const known = [...this.person, ...this.ceremony].map((one) => `${one.framework} ${one.axis}`)
      throw new InvalidInput('axis', `one of ${known.join(', ')}`)
    }
    return { scope: person === undefined ? 'ceremony' : 'person', ref, axis: found }
  }

  checkMinimum({ axes, flags, maxAgeSeconds }: Minimum): void {
    for (const { framework, axis, level } of axes) this.rank(framework, axis, level)
    for (const flag of flags) {
      if (!FLAGS.includes(flag)) throw new InvalidInput('flags', `one of ${FLAGS.join(', ')}`)
    }
    if (maxAgeSeconds !== undefined && !(Number.isFinite(maxAgeSeconds) && maxAgeSeconds >= 0)) {
      throw new InvalidInput('max_age_seconds', 'a number of seconds')
    }
  }

  /** Position of a label on its axis; `InvalidInput` for an unknown one. */
  rank(framework: string, axis: string, level: string): number {
    const { members } = this.offered(framework, axis).axis.type
    const rank = members.indexOf(level)
    if (rank < 0) throw new InvalidInput('level', `one of ${members.join(', ')}`)
    return rank
  }

  isLowered(framework: string, axis: string, from: string, to: string): boolean {
    if (from === INDETERMINATE) return false
    if (to === INDETERMINATE) return true
    const { members } = this.offered(framework, axis).axis.type
    // A label that the pack no longer has counts as the highest: what it stood for is gone.
    const before = members.indexOf(from)
    return members.indexOf(to) < (before < 0 ? members.length : before)
  }

  lowestLoginLevel(framework: string, axis: string): string | undefined {
    if (!this.ceremony.some((ref) => ref.framework === framework && ref.axis === axis)) return
    const found: Axis = this.frameworks.axis(framework, axis)
    return found.kind === 'levels' ? found.type.members[0] : undefined
  }
}
