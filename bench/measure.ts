import { measure } from 'mitata'

/** One line of the table. */
export interface Row {
  readonly work: string
  readonly floor: string
  readonly floorNanoseconds: number
  readonly oursNanoseconds: number
  readonly target: string
}

/**
 * Median time of one call, in nanoseconds, of ours and of the floor it is held against: measured in turns in one run, so
 * that both see the same machine.
 */
export async function compare(work: {
  readonly name: string
  readonly floorName: string
  readonly floor: () => unknown
  readonly ours: () => unknown
  readonly target: string
}): Promise<Row> {
  const floors: number[] = []
  const ours: number[] = []
  for (let round = 0; round < 5; round += 1) {
    floors.push((await measure(work.floor)).p50)
    ours.push((await measure(work.ours)).p50)
  }
  return {
    work: work.name,
    floor: work.floorName,
    floorNanoseconds: middle(floors),
    oursNanoseconds: middle(ours),
    target: work.target,
  }
}

function middle(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
