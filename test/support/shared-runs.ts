/** How long a run of equal bytes has to be to count: shorter ones meet by chance. */
const RUN = 8

/**
 * Where a random value begins right after a constant, one or two of its bytes are the same twice by chance; a run with more
 * than that beside a constant part counts.
 */
const BY_CHANCE = 2

/** Every run of `length` bytes in these records, as text of one character per byte. */
function runsOf(records: readonly Buffer[], length: number): ReadonlySet<string> {
  const runs = new Set<string>()
  for (const record of records) {
    const text = record.toString('latin1')
    for (let at = 0; at + length <= text.length; at += 1) runs.add(text.slice(at, at + length))
  }
  return runs
}

/** Runs of eight bytes that both have and that are not there for everybody. */
export function runsInCommon(
  one: readonly Buffer[],
  other: readonly Buffer[],
  everybody: readonly Buffer[],
): readonly string[] {
  const others = runsOf(other, RUN)
  const usual = runsOf(everybody, RUN - BY_CHANCE)
  const isUsual = (run: string): boolean =>
    [0, 1, 2].some((at) => usual.has(run.slice(at, at + RUN - BY_CHANCE)))
  return [...runsOf(one, RUN)].filter((run) => others.has(run) && !isUsual(run))
}

export interface Leaf {
  readonly path: string
  readonly value: string
}

/** The values of a message with the place of each. */
export function leavesOf(message: unknown, path = ''): readonly Leaf[] {
  if (typeof message !== 'object' || message === null) return [{ path, value: String(message) }]
  return Object.entries(message).flatMap(([name, value]) => leavesOf(value, `${path}/${name}`))
}

/** Which place of the one holds the same value as which place of the other. */
export function equalityPattern(one: readonly Leaf[], other: readonly Leaf[]): readonly string[] {
  const pairs = one.flatMap((a) =>
    other.filter((b) => b.value === a.value).map((b) => `${a.path} = ${b.path}`),
  )
  return [...new Set(pairs)].toSorted()
}
