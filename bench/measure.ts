/** One line of the table. */
export interface Row {
  readonly work: string
  readonly floor: string
  readonly floorNanoseconds: number
  readonly oursNanoseconds: number
  /** Ours to the floor over all turns, collection of garbage included. */
  readonly ratioOfAll: number
  readonly target: string
}

const TURNS = 600
const MICROSECONDS_A_TURN = 2_000
const WARM_UP_TURNS = 1_000
const QUIET = 0.1
const LATER_TURNS = 40
const LONG_TURNS = 30
const LATER_CALLS = 40

/**
 * CPU time of one call, in nanoseconds, of ours and of the floor it is held against. Both take turns of two milliseconds in one
 * run, and each counts with its tenth percentile: what it costs when its caches are its own. Few turns of that length meet a
 * collection of garbage; the ratio over all turns has all of it, and all else that happened on the machine.
 */
export function compare(work: {
  readonly name: string
  readonly floorName: string
  readonly floor: () => unknown
  readonly ours: () => unknown
  readonly target: string
}): Row {
  const [floor = [], ours = []] = turnTimes([work.floor, work.ours])
  return {
    work: work.name,
    floor: work.floorName,
    floorNanoseconds: quantile(floor, QUIET),
    oursNanoseconds: quantile(ours, QUIET),
    ratioOfAll: mean(ours) / mean(floor),
    target: work.target,
  }
}

/** Tenth percentiles of the times of a call, in nanoseconds; all works take turns. */
export function quietTimes(works: readonly (() => unknown)[]): number[] {
  return turnTimes(works).map((times) => quantile(times, QUIET))
}

/** The same for works that take many milliseconds a call. */
export function quietTimesOfLong(works: readonly (() => unknown)[]): number[] {
  const times = works.map((): number[] => [])
  for (let turn = 0; turn < LONG_TURNS; turn += 1)
    works.forEach((work, i) => times[i]?.push(cpuMilliseconds(work) * 1e6))
  return times.map((own) => quantile(own, QUIET))
}

/** Times of a call, in nanoseconds, by work and turn. */
function turnTimes(works: readonly (() => unknown)[]): number[][] {
  const series = works.map((work) => ({ work, calls: callsInATurn(work), times: [] as number[] }))
  for (let turn = 0; turn < TURNS; turn += 1) {
    for (const { work, calls, times } of series) times.push(timeOf(work, calls) / calls)
  }
  return series.map(({ times }) => times)
}

/** After two seconds of calls: the engine compiles what is called often once more, well after the first thousand calls. */
function callsInATurn(work: () => unknown): number {
  let calls = 1
  for (let warm = 0; warm < WARM_UP_TURNS; warm += 1) {
    const nanoseconds = timeOf(work, calls) / calls
    calls = Math.max(1, Math.min(2 * calls, Math.round((MICROSECONDS_A_TURN * 1e3) / nanoseconds)))
  }
  return calls
}

function timeOf(work: () => unknown, calls: number): number {
  const before = process.cpuUsage()
  for (let call = 0; call < calls; call += 1) work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) * 1e3
}

/** The same for works that answer later: CPU time of a call in nanoseconds. */
export async function quietTimesLater(works: readonly (() => unknown)[]): Promise<number[]> {
  const series = works.map((work) => ({ work, times: [] as number[] }))
  for (let turn = 0; turn < LATER_TURNS; turn += 1) {
    for (const { work, times } of series) {
      const before = process.cpuUsage()
      for (let call = 0; call < LATER_CALLS; call += 1) await work()
      const { user, system } = process.cpuUsage(before)
      if (turn >= LATER_TURNS / 4) times.push(((user + system) * 1e3) / LATER_CALLS)
    }
  }
  return series.map(({ times }) => quantile(times, QUIET))
}

/** CPU time of one run of a work, in milliseconds. */
export function cpuMilliseconds(work: () => unknown): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e3
}

/** The same of a work that is waited for. */
export async function cpuMillisecondsLater(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e3
}

function quantile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * part)] ?? Number.NaN
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
