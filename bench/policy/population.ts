import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { EPOCH } from '../../services/policy/language/coded-layout.ts'
import type { GeneratedProgram } from '../../services/policy/language/generated-program.ts'
import type { Pack } from '../../services/policy/language/pack.ts'
import { readPack } from '../../services/policy/language/read-pack.ts'
import type { Facts } from '../../services/policy/language/judged-facts.ts'
import { buildSubject } from '../../services/policy/language/subject.ts'
import { PolicyStore } from '../../services/policy/policy-store.ts'
import { Dice } from '../../test/policy/random-facts.ts'
import { handWritten } from './hand-written.ts'
import { drawFacts, NOW } from './subjects.ts'
import { viewOf, type View } from './view.ts'

export const AXES = ['identity', 'login'] as const
export const CODED_NOW = NOW - EPOCH
const SOURCE = join(import.meta.dirname, 'reference.yaml')

export const referenceText = readFileSync(SOURCE, 'utf8')
export const { catalogue } = new PolicyStore()

export function readReference(text = referenceText): Pack {
  return readPack([{ path: SOURCE, text }], catalogue)
}

/** Subjects in every form that an engine of the bench reads. */
export interface Population {
  readonly facts: readonly Facts[]
  readonly views: readonly View[]
  readonly words: Int32Array
  readonly starts: readonly number[]
  readonly open: readonly boolean[]
}

/** Draws subjects and checks that our function and the one written by hand give the same levels. */
export function populationOf(
  program: GeneratedProgram,
  pack: Pack,
  size: number,
  openPercent: number,
): Population {
  const dice = new Dice(openPercent + 1)
  const coder = program.coder()
  const facts: Facts[] = []
  const views: View[] = []
  const starts: number[] = []
  const open: boolean[] = []
  let end = 0
  for (let i = 0; i < size; i += 1) {
    const own = drawFacts(catalogue, dice, openPercent)
    const subject = buildSubject(own, { catalogue, options: pack.options, zone: pack.zone })
    const coded = coder.encode(own, end)
    if (coded === undefined) throw new Error('a subject of the bench does not fit')
    facts.push(own)
    views.push(viewOf(subject, catalogue))
    starts.push(end)
    open.push(coded.open)
    end += coded.length
  }
  const population = { facts, views, words: coder.words.slice(0, end), starts, open }
  views.forEach((view, i) => check(program, population, i, handWritten(view)))
  return population
}

/** Throws unless an engine gave the levels that ours certainly holds. */
export function check(
  program: GeneratedProgram,
  { words, starts, open }: Population,
  i: number,
  levels: { readonly identity: number; readonly login: number },
): void {
  program.run({ kleene: open[i] === true, finds: 'fired' })(
    words,
    starts[i] ?? 0,
    CODED_NOW,
    CODED_NOW,
  )
  const [identity, , login] = program.out
  if (identity !== 1 << levels.identity || login !== 1 << levels.login)
    throw new Error(`subject ${i}: ours ${identity} ${login}, theirs ${JSON.stringify(levels)}`)
}
