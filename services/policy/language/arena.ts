import type { ChangeScreen } from './change-screen.ts'
import type { GeneratedProgram } from './generated-program.ts'

/** Coded subjects one after the other in one array: `starts` are their first words, `open` marks those with an open outcome. */
export interface CodedPopulation {
  readonly words: Int32Array
  readonly starts: ArrayLike<number>
  readonly open: ArrayLike<boolean | number>
}

/** Least value of each axis for each subject, subject by subject. */
export function scoreAll(
  program: GeneratedProgram,
  population: CodedPopulation,
  now: number,
): Int32Array {
  const values = new Int32Array(program.plan.targets.length * population.starts.length)
  return scoreInto(values, program, population, now, () => true)
}

/** The same after a change of rules: who was scored `before` at the same instant and is not concerned keeps the values. */
export function scoreChanged(
  program: GeneratedProgram,
  screen: ChangeScreen,
  population: CodedPopulation,
  before: Int32Array,
  now: number,
): Int32Array {
  const { words, starts, open } = population
  return scoreInto(before.slice(), program, population, now, (i) =>
    screen.concerns(words, starts[i] ?? 0, Boolean(open[i]), now),
  )
}

function scoreInto(
  values: Int32Array,
  program: GeneratedProgram,
  { words, starts, open }: CodedPopulation,
  now: number,
  isAsked: (subject: number) => boolean,
): Int32Array {
  const axes = program.plan.targets.length
  const [two, three] = [false, true].map((kleene) => program.run({ kleene, finds: 'bounds' }))
  if (two === undefined || three === undefined) throw new TypeError('a program has two variants')
  const { out } = program
  for (let i = 0; i < starts.length; i += 1) {
    if (!isAsked(i)) continue
    const run = open[i] ? three : two
    run(words, starts[i] ?? 0, now, now)
    for (let axis = 0; axis < axes; axis += 1) values[i * axes + axis] = out[2 * axis] ?? 0
  }
  return values
}

/** How many subjects went from which levels (all axes together) to which; both by position, rows are before. */
export function transitions(
  before: Int32Array,
  after: Int32Array,
  levels: readonly number[],
): Int32Array {
  const states = levels.reduce((product, count) => product * count, 1)
  const matrix = new Int32Array(states * states)
  const axes = levels.length
  for (let i = 0; i < before.length; i += axes) {
    let from = 0
    let to = 0
    for (let axis = 0; axis < axes; axis += 1) {
      const count = levels[axis] ?? 1
      from = from * count + 31 - Math.clz32(before[i + axis] ?? 1)
      to = to * count + 31 - Math.clz32(after[i + axis] ?? 1)
    }
    const cell = from * states + to
    matrix[cell] = (matrix[cell] ?? 0) + 1
  }
  return matrix
}
