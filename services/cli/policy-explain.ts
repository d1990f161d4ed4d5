import { parseArgs } from 'node:util'
import type { Json } from '../kernel/canonical-json.ts'
import { InvalidInput } from '../kernel/errors.ts'
import { levelOf } from '../policy/frameworks.ts'
import { formatTime } from '../policy/language/dates.ts'
import type { ExplainedRule, Explanation } from '../policy/language/explain.ts'
import { maskExplanation, type MaskedExplanation } from '../policy/language/mask-explanation.ts'
import type { Text } from '../policy/language/text.ts'
import type { Raise } from '../policy/language/raise-level.ts'
import { EXIT, languageOf, packLoader, type PolicyIo } from './policy-io.ts'
import { readText, refuse } from './policy-score.ts'

/**
 * `watashi policy explain --facts FILE --framework ID --axis NAME [--to LEVEL] [--at TIME] [--masked] [--lang ja|en] [--json]
 * [--policies DIR]`: why the facts (a JSON object, or a row of a case file) have their value, why not more, which unknown decides,
 * until when, and the least that would raise it to LEVEL. `--masked`: what a relying party may be told. Exit code 0, 1 when nothing
 * was found that would raise it to LEVEL, 2 for a bad call.
 */
export function policyExplain(args: readonly string[], io: PolicyIo): number {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        facts: { type: 'string' },
        framework: { type: 'string' },
        axis: { type: 'string' },
        to: { type: 'string' },
        at: { type: 'string' },
        masked: { type: 'boolean' },
        lang: { type: 'string' },
        json: { type: 'boolean' },
        policies: { type: 'string' },
      },
    })
    const file = required(values.facts, '--facts')
    const framework = required(values.framework, '--framework')
    const axis = required(values.axis, '--axis')
    const { frameworks, validator } = packLoader(io, values.policies)(file)
    const facts = validator.facts(readFacts(file, io))
    const at = values.at === undefined ? io.clock.now() : frameworks.readAt(framework, values.at)
    const explanation = frameworks.explain({ framework, axis, facts, at }, values.to)
    const language = languageOf(values.lang)
    const shown = values.masked === true ? maskExplanation(explanation, () => false) : explanation
    if (values.json === true) io.print(JSON.stringify(explanationToJson(framework, shown)))
    else for (const line of describe(framework, shown, language)) io.print(line)
    return values.to === undefined || reaches(explanation, values.to)
      ? EXIT.holds
      : EXIT.doesNotHold
  } catch (error) {
    return refuse(error, io)
  }
}

function required(value: string | undefined, option: string): string {
  if (value === undefined) throw new InvalidInput(option, 'a value')
  return value
}

/** An object of facts, or a row of a case file that has them. */
function readFacts(file: string, io: PolicyIo): unknown {
  try {
    const value = JSON.parse(readText(file, io)) as { readonly facts?: unknown } | null // any JSON
    return value?.facts ?? value
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new InvalidInput(file, 'one JSON object', { cause: error })
  }
}

/** Whether the level is there, or a way to it was found. */
function reaches({ value, raise }: Explanation, to: string): boolean {
  if (raise.length > 0) return true
  return Array.isArray(value) ? value.includes(to) : levelOf(value) === to
}

function explanationToJson(framework: string, shown: Explanation | MaskedExplanation) {
  if (!('next' in shown)) return { framework, ...shown }
  const { next, raise, ...rest } = shown
  return {
    framework,
    ...rest,
    next: next === undefined ? null : { ...next, at: formatTime(next.at) },
    raise: raise.map(({ facts: _, ...way }) => way),
  }
}

function describe(
  framework: string,
  shown: Explanation | MaskedExplanation,
  language: keyof Text,
): readonly string[] {
  const lines = [`${framework} ${shown.axis}: ${levelOf(shown.value)}`]
  const section = (title: string, own: readonly string[]) => {
    if (own.length > 0) lines.push(title, ...own.map((line) => `  ${line}`))
  }
  section(
    'why',
    shown.why.flatMap((rule) => describeRule(rule, language)),
  )
  section(
    'lowered by',
    shown.lowered.flatMap((rule) => describeRule(rule, language)),
  )
  section(
    'why not more',
    shown.whyNot.flatMap((rule) => describeRule(rule, language)),
  )
  if (!('next' in shown)) {
    section('unknown', shown.unknown)
    return lines
  }
  section(
    'unknown',
    shown.unknown.map(
      ({ path, text, ifPassed, ifFailed }) =>
        `${path} ${text[language]}: if it passes ${levelOf(ifPassed)}, if it fails ${levelOf(ifFailed)}`,
    ),
  )
  if (shown.next !== undefined) {
    const { at, value, ends } = shown.next
    section('until', [
      `${formatTime(at)}, then ${levelOf(value)}`,
      ...ends.map((id) => `ends ${id}`),
    ])
  }
  section(
    'what would raise it',
    shown.raise.flatMap((way) => describeWay(way, language)),
  )
  return lines
}

type ShownRule = ExplainedRule | MaskedExplanation['why'][number]

function describeRule(rule: ShownRule, language: keyof Text): readonly string[] {
  const effect = rule.effect === '' ? '' : ` → ${rule.effect}`
  const cites = rule.cites.length === 0 ? '' : ` (${rule.cites.join(', ')})`
  const head = `${rule.id}${effect} ${rule.title[language]}${cites}`
  if (!('conditions' in rule)) return [head]
  const conditions = rule.conditions.map(({ text, place, truth, element, facts }) => {
    const at = element === undefined ? '' : ` of ${element}`
    const read = facts.map(({ path, value }) => `${path} = ${inline(value)}`).join(', ')
    const where = `${place.file}:${place.line}:${place.column}`
    return `  ${truth} \`${text}\`${at}${read === '' ? '' : `: ${read}`} (${where})`
  })
  return [head, ...conditions]
}

function describeWay(
  { rules, missing, effort, changes, alternatives }: Raise,
  language: keyof Text,
): readonly string[] {
  const words = missing.map((text) => text[language]).join('; ')
  const head = `effort ${effort} ${rules.map(({ id }) => id).join(' + ')} ${words}`.trim()
  const lines = changes.map(({ kind, path, value }, i) => {
    const or = alternatives
      .filter(({ change }) => change === i)
      .map((one) => `${one.member === '' ? '' : `${one.member} `}${inline(one.value)}`)
    const sign = kind === 'set' ? '=' : '+'
    return `  ${path} ${sign} ${inline(value)}${or.length === 0 ? '' : `, or ${or.join(', or ')}`}`
  })
  return [head, ...lines]
}

/** `null` is what nobody has established. */
function inline(value: Json): string {
  if (value === null) return 'not established'
  return typeof value === 'string' ? value : JSON.stringify(value)
}
