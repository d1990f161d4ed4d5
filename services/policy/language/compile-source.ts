import { EPOCH, NONE } from './coded-layout.ts'
import { compareMasks, bitsOf } from './compare-values.ts'
import { weakest } from './compiled-pack.ts'
import { midnightAfterDays, type Seconds } from './dates.ts'
import type { GeneratedSource } from './emission.ts'
import { COMPARISON_CODES, type Lookups } from './normal-form.ts'
import { SlotSearch } from './slot-search.ts'
import { ABSENT } from './types.ts'

/** Where a function leaves what it found beside its answer. */
interface Outputs {
  readonly out: Int32Array
  readonly turns: Float64Array
}

/** The function of a generated source. Throws `EvalError` where the platform forbids code from strings. */
export function compileSource<Run>(
  { text, scratchRegions }: GeneratedSource,
  { tables, levels, zones }: Lookups,
  { out, turns }: Outputs,
): Run {
  const search = new SlotSearch(scratchRegions)
  const ends = zones.map(({ days, zone }) => midnights(days, zone))
  const lib = {
    out,
    turns,
    search,
    scratch: search.scratch,
    tables,
    levels,
    days: (zone: number, time: number) => ends[zone]?.(time) ?? NONE,
    compareMasks: (code: number, left: number, right: number) =>
      compareMasks(COMPARISON_CODES[code] ?? '==', left, right),
    tableOf,
    extremeOf,
    weakestOf: weakest,
  }
  // The text holds constants and operators only (a test reads it), so nothing of an author can be executed.
  // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call
  return new Function('lib', text)(lib) as Run
}

function tableOf(table: Int32Array, mask: number): number {
  if (mask === ABSENT) return ABSENT
  let union = mask & ABSENT
  for (const bit of bitsOf(mask & ~ABSENT)) union |= table[31 - Math.clz32(bit)] ?? 0
  return union
}

function extremeOf(code: number, a: number, b: number): number {
  let union = (a | b) & ABSENT
  for (const x of bitsOf(a & ~ABSENT))
    for (const y of bitsOf(b & ~ABSENT)) union |= code === 0 ? Math.min(x, y) : Math.max(x, y)
  return union
}

const QUARTER = 900
const MAX_REMEMBERED = 50_000

/**
 * Midnight of a calendar day after a coded instant. Since 1972 every zone's offset is a multiple of a quarter of an hour, so
 * that all instants of one quarter lie on one local day.
 */
function midnights(days: number, zone: string): (time: number) => number {
  const remembered = new Map<number, Seconds>()
  return (time) => {
    const quarter = Math.floor((time + EPOCH) / QUARTER)
    if (quarter < QUARTERS_BEFORE_1972) return midnightAfterDays(time + EPOCH, days, zone) - EPOCH
    const known = remembered.get(quarter)
    if (known !== undefined) return known
    const midnight = midnightAfterDays(time + EPOCH, days, zone) - EPOCH
    if (remembered.size >= MAX_REMEMBERED) remembered.clear()
    remembered.set(quarter, midnight)
    return midnight
  }
}

/** 1972-06-01, after the last zone had left an offset of odd minutes. */
const QUARTERS_BEFORE_1972 = 76_204_800 / QUARTER
