import { T, U } from './kleene.ts'
import type { Possible, TraceNode } from './trace-values.ts'
import { ABSENT } from './types.ts'

/** An element of a list that may fill a slot. */
export interface Piece {
  readonly path: string
  /** By alternative, then by slot. */
  readonly cells: readonly (readonly number[])[]
  readonly keys: readonly (string | number | undefined)[]
  readonly rank: Possible
  readonly strongest: number
  readonly parts: readonly TraceNode[]
}

/** Every way to fill the slots of one alternative: at least `least` everywhere, no key twice, the strongest as asked. */
export function assign(
  pieces: readonly Piece[],
  slots: number,
  alternative: number,
  least: typeof T | typeof U,
): readonly (readonly Piece[])[] {
  const enough = (truth: number | undefined) => truth === T || (least === U && truth === U)
  let ways: readonly (readonly Piece[])[] = [[]]
  for (let slot = 0; slot < slots; slot += 1) {
    ways = ways.flatMap((way) =>
      pieces
        .filter(
          (piece) =>
            enough(piece.cells[alternative]?.[slot]) &&
            way.every((other) => other !== piece && !shared(piece, other)),
        )
        .map((piece) => [...way, piece]),
    )
  }
  return pieces.length === 0 ? [] : ways.filter((way) => hasStrongest(way, enough, least))
}

function hasStrongest(
  way: readonly Piece[],
  enough: (truth: number) => boolean,
  least: number,
): boolean {
  const [low, high] = [
    ({ rank }: Piece) => Math.min(...rank.map((value) => value ?? 0)),
    ({ rank }: Piece) => Math.max(...rank.map((value) => value ?? 0)),
  ]
  const [own, others] = least === T ? [low, high] : [high, low]
  return way.some(
    (piece) =>
      enough(piece.strongest) &&
      way.every((other) => other === piece || own(piece) >= others(other)),
  )
}

function shared(a: Piece, b: Piece): boolean {
  return a.keys.some((key, i) => key !== undefined && key === b.keys[i])
}

/** What two pieces must not have in common; nothing where it is not established. */
export function keyOf(mask: number): number | undefined {
  return mask === ABSENT ? undefined : mask
}
