import { toHex } from '../kernel/bytes.ts'
import { canonicalJson } from '../kernel/canonical-json.ts'
import { sha256 } from '../kernel/digest.ts'
import { InvalidInput } from '../kernel/errors.ts'
import { Frameworks } from './frameworks.ts'
import type { SourceFile } from './language/document.ts'
import type { Axis, AxisRef, LevelAxis, Pack } from './language/pack.ts'
import type { NamedAxes } from './language/read-names.ts'
import { INDETERMINATE } from './language/score-value.ts'
import { FLAGS } from './minimum/flags.ts'
import { offeredAxes } from './minimum/offered-axes.ts'
import { readProfiles, type Profile } from './minimum/profiles.ts'
import { readTrustmark, wantedVectors, type Trustmark } from './minimum/trustmark.ts'
import type { AskedMinimum, AxisMinimum, Minimum, ReadMinimum, WantedVector } from './ports.ts'

export interface LoadedPack {
  readonly pack: Pack
  readonly digest: string
}

/** Documents of which a pack names what it takes; the rest of them is not read. */
export interface NamedDocuments {
  readonly equivalences?: readonly SourceFile[]
  readonly profiles?: readonly SourceFile[]
  readonly trustmarks?: readonly SourceFile[]
}

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
  /** Minimums that may be asked for by name. */
  readonly profiles: ReadonlyMap<string, Profile>
  /** Undefined where no vectors of trust are taken and given. */
  readonly trustmark: Trustmark | undefined

  /**
   * `load` finds a used framework by its folder's name; of `documents` only what the pack names is read.
   * Throws what `load` throws, and `PolicyRejected` for what is not there or cannot be read.
   */
  constructor(
    active: LoadedPack,
    load: (name: string) => LoadedPack,
    documents: NamedDocuments = {},
  ) {
    const used = active.pack.uses.map((use) => ({ use, loaded: load(use.framework) }))
    this.pack = active.pack
    this.packs = [active.pack, ...used.map(({ loaded }) => loaded.pack)]
    const { equivalences = [], profiles = [], trustmarks = [] } = documents
    const enabled = active.pack.equivalences
    this.frameworks = new Frameworks(
      [
        { pack: active.pack },
        ...used.map(({ use, loaded }) => ({ pack: loaded.pack, options: use.options })),
      ],
      { documents: equivalences, enabled },
    )
    const read = enabled.length === 0 ? [] : equivalences.map(({ path, text }) => [path, text])
    this.digest = toHex(
      sha256(canonicalJson([active.digest, ...used.map(({ loaded }) => loaded.digest), ...read])),
    )
    this.person = active.pack.uses.flatMap((use) => use.person)
    this.ceremony = active.pack.uses.flatMap((use) => use.ceremony)
    for (const { framework, axis } of [...this.person, ...this.ceremony])
      this.frameworks.axis(framework, axis)
    const { trustmark } = active.pack
    const named = this.namedAxes()
    this.profiles = readProfiles(profiles, active.pack.profiles, named)
    this.trustmark =
      trustmark === undefined ? undefined : readTrustmark(trustmarks, trustmark, named)
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

  /** What a request asks for, in levels of axes. Throws `InvalidInput` as `checkMinimum`, and for a name that is not offered. */
  readMinimum({ profile = '', vectors = [], ...own }: AskedMinimum): ReadMinimum {
    this.checkMinimum(own)
    const named = profile === '' ? undefined : this.profiles.get(profile)
    if (profile !== '' && named === undefined) {
      const known = [...this.profiles.keys()].join(', ')
      throw new InvalidInput(
        'minimum.profile',
        known === '' ? 'none: no profile is offered' : `one of ${known}`,
      )
    }
    return {
      own,
      ...(named !== undefined && { profile: named.minimum }),
      vectors: this.#vectors(vectors),
    }
  }

  #vectors(vectors: readonly string[]): readonly WantedVector[] {
    if (vectors.length === 0) return []
    if (this.trustmark === undefined)
      throw new InvalidInput('minimum.vectors', 'none: no trustmark says what their values mean')
    return wantedVectors(this.trustmark, vectors, 'minimum.vectors')
  }

  /** The axes that may be asked for, as documents name them. */
  namedAxes(): NamedAxes {
    return offeredAxes(this.pack.uses, (framework, axis) => this.frameworks.axis(framework, axis))
  }

  /** Position of a label on its axis; `InvalidInput` for an unknown one. */
  rank(framework: string, axis: string, level: string): number {
    const { members } = this.offered(framework, axis).axis.type
    const rank = members.indexOf(level)
    if (rank < 0) throw new InvalidInput('level', `one of ${members.join(', ')}`)
    return rank
  }

  /** Whether a label is enough; one that is not decided never is. */
  reaches({ framework, axis, level }: AxisMinimum, have: string): boolean {
    if (have === INDETERMINATE) return false
    return this.rank(framework, axis, have) >= this.rank(framework, axis, level)
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
