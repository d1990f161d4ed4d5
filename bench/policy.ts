import { appendFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { scoreAll, scoreChanged, transitions } from '../services/policy/language/arena.ts'
import { ChangeScreen } from '../services/policy/language/change-screen.ts'
import type { CodedLayout } from '../services/policy/language/coded-layout.ts'
import { GeneratedEngine } from '../services/policy/language/generated-engine.ts'
import { GeneratedProgram } from '../services/policy/language/generated-program.ts'
import type { Pack } from '../services/policy/language/pack.ts'
import { Scorer } from '../services/policy/language/score.ts'
import { benchAnalysis } from './policy/analysis.ts'
import { benchChecks } from './policy/check-over-grpc.ts'
import { benchColdRescore } from './policy/cold-rescore.ts'
import { handWritten } from './policy/hand-written.ts'
import { benchImpact } from './policy/impact.ts'
import { peersOf } from './policy/peers.ts'
import {
  AXES,
  check,
  CODED_NOW,
  populationOf,
  readReference,
  referenceText,
  type Population,
} from './policy/population.ts'
import { NOW } from './policy/subjects.ts'
import { benchWalk } from './policy/walk.ts'
import { cpuMilliseconds, quietTimes, quietTimesLater } from './measure.ts'

const SUBJECTS = 1024
const POPULATION = 1_000_000
const DISTINCT = 8192
const OPEN_PERCENT = 5

/** The policy engine against the same rules written by hand and against engines from npm; a table for people. */
export async function benchPolicy(): Promise<readonly string[]> {
  const pack = readReference()
  const program = new GeneratedProgram(pack, AXES)
  const complete = populationOf(program, pack, SUBJECTS, 0)
  const open = populationOf(program, pack, SUBJECTS, OPEN_PERCENT)
  const ours = benchDecisions(program, pack, complete, open)
  const peers = await benchPeers(program, pack, complete, ours.oneDecision)
  const words = complete.words.length / SUBJECTS
  return [
    `40 rules, two axes; ${words.toFixed(0)} words of 4 bytes a subject. CPU time; all engines gave the same levels before they were timed.`,
    '',
    '| work | took | against | ratio or rate | target |',
    '| --- | --- | --- | --- | --- |',
    ...ours.lines,
    ...benchCompile(),
    ...benchWhatIf(program, pack),
    ...benchImpact(),
    ...benchColdRescore(program, open),
    ...benchAnalysis(),
    ...(await benchWalk()),
    ...(await benchChecks()),
    '',
    '| engine | one decision | × ours with the mask of rules | can it say the policy? |',
    '| --- | --- | --- | --- |',
    ...peers,
  ]
}

export async function writePolicyBench(): Promise<void> {
  const lines = await benchPolicy()
  console.log(lines.join('\n'))
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  const heading = `## ${new Date().toISOString().slice(0, 16)}Z, commit ${commit}, \`npm run bench -- policy\`, Node ${process.version}`
  appendFileSync(
    join(import.meta.dirname, '../test/reports/policy-bench.md'),
    `${heading}\n\n${lines.join('\n')}\n\n`,
  )
}

function micro(nanoseconds: number): string {
  return `${(nanoseconds / 1e3).toFixed(2)} µs`
}

/** The next subject at each call. */
function next(): () => number {
  let i = -1
  return () => (i = (i + 1) % SUBJECTS)
}

function benchDecisions(
  program: GeneratedProgram,
  pack: Pack,
  complete: Population,
  open: Population,
) {
  const ask = ({ words, starts, open: isOpen }: Population) => {
    const [two, three] = [false, true].map((kleene) => program.run({ kleene, finds: 'fired' }))
    const subject = next()
    return () => {
      const i = subject()
      return (isOpen[i] === true ? three : two)?.(words, starts[i] ?? 0, CODED_NOW, CODED_NOW)
    }
  }
  const byHand = ({ views }: Population) => {
    const subject = next()
    return () => {
      const view = views[subject()]
      return view === undefined ? undefined : handWritten(view)
    }
  }
  const untilSubject = next()
  const until = () => {
    const i = untilSubject()
    return program.until(complete.words, complete.starts[i] ?? 0, false, CODED_NOW)
  }
  const scorer = new Scorer(pack, new Map(), GeneratedEngine)
  const [codeSubject, scoreSubject] = [next(), next()]
  const coder = program.coder()
  const encode = () => {
    const facts = complete.facts[codeSubject()] ?? {}
    return coder.encode(facts)
  }
  const score = () => {
    const facts = complete.facts[scoreSubject()] ?? {}
    return AXES.map((axis) => scorer.score({ axis, facts, at: NOW }))
  }
  const times = quietTimes([
    byHand(complete),
    ask(complete),
    byHand(open),
    ask(open),
    until,
    encode,
    score,
  ])
  const [hand = 0, two = 0, handOpen = 0, three = 0, untilTime = 0, coded = 0, scored = 0] = times
  const row = (work: string, time: number, floor: number, target: string) =>
    `| ${work} | ${micro(time)} | by hand, levels only: ${micro(floor)} | ${(time / floor).toFixed(2)}× | ${target} |`
  return {
    oneDecision: two,
    lines: [
      row('decision on both axes with the mask of fired rules, complete facts', two, hand, '≤ 3×'),
      row(
        `the same, ${OPEN_PERCENT} % of the checks without an outcome: bounds and both masks`,
        three,
        handOpen,
        '≤ 6×',
      ),
      `| decision with valid_until (both axes) | ${micro(untilTime)} | – | ${Math.round(1e9 / untilTime).toLocaleString('en')}/s | ≥ 700,000/s |`,
      `| facts as JSON objects to a coded subject | ${micro(coded)} | – | ${Math.round(1e9 / coded).toLocaleString('en')}/s | – |`,
      `| score of both axes from facts, with reasons and valid_until, as services ask | ${micro(scored)} | – | ${Math.round(1e9 / scored).toLocaleString('en')}/s | – |`,
    ],
  }
}

async function benchPeers(
  program: GeneratedProgram,
  pack: Pack,
  population: Population,
  ours: number,
): Promise<readonly string[]> {
  const peers = peersOf(pack).map((peer) => ({
    peer,
    inputs: population.views.map((view) => peer.prepare(view)),
  }))
  for (const { peer, inputs } of peers)
    for (const [i, input] of inputs.entries())
      check(program, population, i, await peer.decide(input))
  const times = await quietTimesLater(
    peers.map(({ peer, inputs }) => {
      const subject = next()
      return () => peer.decide(inputs[subject()])
    }),
  )
  return peers.map(
    ({ peer }, i) =>
      `| ${peer.name} | ${micro(times[i] ?? 0)} | ${((times[i] ?? 0) / ours).toFixed(0)}× | ${peer.says} |`,
  )
}

function compileReference(text: string): GeneratedProgram {
  return compilePack(readReference(text))
}

function compilePack(pack: Pack, layout?: CodedLayout): GeneratedProgram {
  const program = new GeneratedProgram(pack, AXES, layout)
  program.run({ kleene: false, finds: 'bounds' })
  program.run({ kleene: true, finds: 'bounds' })
  return program
}

function benchCompile(): readonly string[] {
  const times = Array.from({ length: 30 }, () =>
    cpuMilliseconds(() => void compileReference(referenceText)),
  ).sort((a, b) => a - b)
  const median = times[15] ?? 0
  return [
    `| YAML text of 40 rules to both running functions | ${median.toFixed(1)} ms | – | – | ≤ 30 ms |`,
  ]
}

/** A changed rule on a whole population: from its text to the matrix of levels before and after. */
function benchWhatIf(program: GeneratedProgram, pack: Pack): readonly string[] {
  const sample = populationOf(program, pack, DISTINCT, OPEN_PERCENT)
  const copies = Math.ceil(POPULATION / DISTINCT)
  const words = new Int32Array(sample.words.length * copies)
  const starts = new Int32Array(DISTINCT * copies)
  const open = new Uint8Array(DISTINCT * copies)
  for (let copy = 0; copy < copies; copy += 1) {
    words.set(sample.words, copy * sample.words.length)
    for (let i = 0; i < DISTINCT; i += 1) {
      starts[copy * DISTINCT + i] = copy * sample.words.length + (sample.starts[i] ?? 0)
      open[copy * DISTINCT + i] = sample.open[i] === true ? 1 : 0
    }
  }
  const population = {
    words,
    starts: starts.subarray(0, POPULATION),
    open: open.subarray(0, POPULATION),
  }
  const before = scoreAll(program, population, CODED_NOW)
  const changed = referenceText.replace('f.length >= 15', 'f.length >= 20')
  const { layout } = program
  const whole = whatIf(before, () => scoreAll(compileReference(changed), population, CODED_NOW))
  const screened = whatIf(before, () => {
    const after = readReference(changed)
    const screen = ChangeScreen.between(pack, after, AXES, layout)
    if (screen === undefined) throw new Error('a changed limit has no screen')
    return scoreChanged(compilePack(after, layout), screen, population, before, CODED_NOW)
  })
  if (whole.matrix !== screened.matrix) throw new Error('the screen hides who moved')
  const megabytes = (words.byteLength + starts.byteLength + open.byteLength) / 2 ** 20
  const row = (work: string, { times, moved }: WhatIf, target: string) =>
    `| ${work} | best ${(times[0] ?? 0).toFixed(0)} ms, median ${(times[3] ?? 0).toFixed(0)} ms; ${moved.toLocaleString('en')} moved | – | – | ${target} |`
  return [
    row(
      `what-if on 1,000,000 subjects (${megabytes.toFixed(0)} MB; ${DISTINCT} distinct ones, repeated): changed YAML to 25×25 matrix`,
      screened,
      '≤ 500 ms',
    ),
    row('the same where everybody is scored anew, as when more changes than rules', whole, '–'),
  ]
}

interface WhatIf {
  /** CPU time in milliseconds, ascending. */
  readonly times: readonly number[]
  readonly matrix: string
  readonly moved: number
}

function whatIf(before: Int32Array, score: () => Int32Array): WhatIf {
  let matrix: Int32Array = new Int32Array()
  const times = Array.from({ length: 7 }, () =>
    cpuMilliseconds(() => (matrix = transitions(before, score(), [5, 5]))),
  ).sort((a, b) => a - b)
  const moved = POPULATION - matrix.reduce((sum, count, i) => sum + (i % 26 === 0 ? count : 0), 0)
  if (moved === 0) throw new Error('a rule that was changed moved nobody')
  return { times, matrix: matrix.join(), moved }
}
