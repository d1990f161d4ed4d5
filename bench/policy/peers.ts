import { createRequire } from 'node:module'
import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import { celEnv, parse, plan } from '@bufbuild/cel'
import { Environment } from '@marcbachmann/cel-js'
import jsonLogic from 'json-logic-js'
import { Engine, type TopLevelCondition } from 'json-rules-engine'
import type { Ir } from '../../services/policy/language/ir.ts'
import type { Pack } from '../../services/policy/language/pack.ts'
import { Atoms, CEL, emit, JSON_LOGIC, ZEN, type Dialect } from './emit.ts'
import type { Levels } from './hand-written.ts'
import type { View } from './view.ts'

type Input = unknown

/** An engine from npm with the reference policy in it. */
export interface Peer {
  readonly name: string
  /** Whether it can say the whole policy, or takes quantifiers from its host. */
  readonly says: string
  /** What the host does for it, outside of the time measured. */
  prepare(view: View): Input
  decide(input: Input): Levels | Promise<Levels>
}

interface BenchRule {
  readonly id: string
  readonly condition: Ir
  readonly axis: keyof Levels
  readonly level: number
  readonly caps: boolean
}

interface ZenModule {
  readonly ZenEngine: new () => {
    createDecision(graph: object): {
      evaluate(input: unknown): Promise<{ readonly result: unknown }>
    }
  }
}

/** Brought in by `npm run bench`, beside what the lockfile has. */
const ZEN_PACKAGE = '@gorules/zen-engine'

/** Nothing where it could not be installed. */
function loadZen(): ZenModule | undefined {
  try {
    const load = createRequire(new URL('../../.cache/peers/', import.meta.url))
    return load(ZEN_PACKAGE) as ZenModule
  } catch (error) {
    console.error(`${ZEN_PACKAGE} is left out: ${String(error)}`)
    return undefined
  }
}

export function peersOf(pack: Pack): readonly Peer[] {
  const rules = [
    ...pack.grants.map((rule) => benchRule(rule, rule.gives, false)),
    ...pack.caps.map((rule) => benchRule(rule, rule.to, true)),
  ]
  const zenModule = loadZen()
  return [
    marcCel(rules),
    jsonLogicPeer(rules),
    bufCel(rules),
    ...(zenModule === undefined ? [] : [zen(rules, zenModule)]),
    cedarPeer(rules),
    jsonRules(rules),
  ]
}

function benchRule(
  { id, condition }: { readonly id: string; readonly condition: Ir },
  effect: ReadonlyMap<string, number>,
  caps: boolean,
): BenchRule {
  const [[axis, mask] = ['identity', 1]] = effect
  return { id, condition, axis: axis as keyof Levels, level: Math.log2(mask), caps }
}

/** From the rules that an engine says hold. */
function levels(rules: readonly BenchRule[], holds: (index: number) => boolean): Levels {
  const found = { identity: 0, login: 0 }
  const caps = { identity: 4, login: 4 }
  rules.forEach((rule, i) => {
    if (!holds(i)) return
    if (rule.caps) caps[rule.axis] = Math.min(caps[rule.axis], rule.level)
    else found[rule.axis] = Math.max(found[rule.axis], rule.level)
  })
  return {
    identity: Math.min(found.identity, caps.identity),
    login: Math.min(found.login, caps.login),
  }
}

function celList(rules: readonly BenchRule[]): string {
  return `[${rules.map(({ condition }) => emit(condition, CEL)).join(', ')}]`
}

function marcCel(rules: readonly BenchRule[]): Peer {
  const text = celList(rules)
  const environment = new Environment({ unlistedVariablesAreDyn: true })
  const run = environment.parse(text)
  return {
    name: '@marcbachmann/cel-js 8.0.0',
    says: 'yes',
    prepare: (view) => bigIntegers(view),
    decide: (input) => {
      const found = run(input as Record<string, unknown>) as readonly boolean[]
      return levels(rules, (i) => found[i] === true)
    },
  }
}

/** Its integers are BigInt. */
function bigIntegers(value: unknown): unknown {
  if (typeof value === 'number') return BigInt(value)
  if (Array.isArray(value)) return value.map(bigIntegers)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, own]) => [key, bigIntegers(own)]))
}

function bufCel(rules: readonly BenchRule[]): Peer {
  const run = plan(celEnv(), parse(celList(rules)))
  return {
    name: '@bufbuild/cel 0.6.1',
    says: 'yes',
    prepare: (view) => bigIntegers(view),
    decide: (input) => {
      const found = run(input as Parameters<typeof run>[0])
      if (typeof found !== 'object' || found === null || !(Symbol.iterator in found))
        throw new Error('the answer is no list')
      const list = [...(found as Iterable<unknown>)]
      return levels(rules, (i) => list[i] === true)
    },
  }
}

function jsonLogicPeer(rules: readonly BenchRule[]): Peer {
  const logic = rules.map(({ condition }) => emit(condition, JSON_LOGIC))
  return {
    name: 'json-logic-js 2.0.5',
    says: 'with `now` copied into each item',
    prepare: (view) => ({
      ...view,
      evidence: view.evidence.map((e) => ({ ...e, now: view.now })),
    }),
    decide: (input) => {
      const found = logic.map((one) => jsonLogic.apply(one as never, input) === true)
      return levels(rules, (i) => found[i] === true)
    },
  }
}

function zen(rules: readonly BenchRule[], { ZenEngine }: ZenModule): Peer {
  const expressions = rules.map(({ condition }, i) => ({
    id: `x${i}`,
    key: `r${i}`,
    value: emit(condition, ZEN),
  }))
  const node = (id: string, type: string, content: unknown) => ({
    ...{ id, name: id, type, content },
    position: { x: 0, y: 0 },
  })
  const edge = (sourceId: string, targetId: string) => ({
    ...{ id: `${sourceId} ${targetId}`, sourceId, targetId },
    type: 'edge',
  })
  const decision = new ZenEngine().createDecision({
    nodes: [
      node('in', 'inputNode', {}),
      node('rules', 'expressionNode', { expressions }),
      node('out', 'outputNode', {}),
    ],
    edges: [edge('in', 'rules'), edge('rules', 'out')],
  })
  return {
    name: '@gorules/zen-engine 0.54.0',
    says: 'yes',
    prepare: (view) => view,
    decide: async (input) => {
      const answer = await decision.evaluate(input)
      const found = answer.result as Readonly<Record<string, unknown>>
      return levels(rules, (i) => found[`r${i}`] === true)
    },
  }
}

/** Outcome of each quantifier, computed by the host with the same expressions in CEL. */
function hostOf(atoms: Atoms): (view: View) => Readonly<Record<string, boolean>> {
  const run = new Environment({ unlistedVariablesAreDyn: true }).parse(
    `[${atoms.conditions.map((ir) => emit(ir, CEL)).join(', ')}]`,
  )
  return (view) => {
    const found = run(bigIntegers(view) as Record<string, unknown>) as readonly boolean[]
    return Object.fromEntries(found.map((holds, i) => [`a${i}`, holds]))
  }
}

function withoutLists(view: View, atoms: Readonly<Record<string, boolean>>) {
  const { proofing, session, binding, recovery, authenticator, rp } = view
  return { proofing, session, binding, recovery, authenticator, rp, atoms }
}

const CEDAR: Dialect<string> = {
  ...CEL,
  fact: (path) => ['context', ...path].join('.'),
  oneOf: (of, members) => `${JSON.stringify(members)}.contains(${of})`,
}

function cedarPeer(rules: readonly BenchRule[]): Peer {
  const atoms = new Atoms()
  const policies = Object.fromEntries(
    rules.map(({ condition }, i) => [
      `r${i}`,
      `permit(principal, action, resource) when { ${emit(atoms.replace(condition), CEDAR)} };`,
    ]),
  )
  const parsed = cedar.preparsePolicySet('bench', { staticPolicies: policies })
  if (parsed.type !== 'success') throw new Error(JSON.stringify(parsed))
  const host = hostOf(atoms)
  const entity = (type: string) => ({ type, id: 'x' })
  return {
    name: '@cedar-policy/cedar-wasm 4.13.0, policies parsed before',
    says: `no: ${atoms.conditions.length} quantifiers and clocks by the host`,
    prepare: (view) => withoutLists(view, host(view)),
    decide: (input) => {
      const answer = cedar.statefulIsAuthorized({
        principal: entity('Person'),
        action: entity('Action'),
        resource: entity('Service'),
        context: input as cedar.Context,
        preparsedPolicySetId: 'bench',
        entities: [],
      })
      if (answer.type !== 'success') throw new Error(JSON.stringify(answer))
      const { reason, errors } = answer.response.diagnostics
      if (errors.length > 0) throw new Error(JSON.stringify(errors))
      const fired = new Set(reason)
      return levels(rules, (i) => fired.has(`r${i}`))
    },
  }
}

interface JsonFact {
  readonly fact: string
  readonly path: string
  readonly operator?: string
}

const OPERATORS: Readonly<Record<string, string>> = {
  '==': 'equal',
  '<': 'lessThan',
  '<=': 'lessThanInclusive',
  '>': 'greaterThan',
  '>=': 'greaterThanInclusive',
}

function jsonCondition(of: unknown): unknown {
  const fact = of as JsonFact
  return 'fact' in fact && fact.operator === undefined
    ? { ...fact, operator: 'equal', value: true }
    : of
}

const JSON_RULES: Dialect<unknown> = {
  ...JSON_LOGIC,
  fact: ([fact = '', ...path]) => ({ fact, path: ['$', ...path].join('.') }),
  all: (left, right) => ({ all: [jsonCondition(left), jsonCondition(right)] }),
  any: (left, right) => ({ any: [jsonCondition(left), jsonCondition(right)] }),
  not: (of) => ({ not: jsonCondition(of) }),
  oneOf: (of, members) => ({ ...(of as JsonFact), operator: 'in', value: members }),
  compare: (cmp, left, right) => ({
    ...(left as JsonFact),
    operator: OPERATORS[cmp],
    value: right,
  }),
}

function jsonRules(rules: readonly BenchRule[]): Peer {
  const atoms = new Atoms()
  const engine = new Engine(
    rules.map(({ condition }, i) => ({
      conditions: {
        all: [jsonCondition(emit(atoms.replace(condition), JSON_RULES))],
      } as TopLevelCondition,
      event: { type: String(i) },
    })),
  )
  const host = hostOf(atoms)
  return {
    name: 'json-rules-engine 7.3.1',
    says: `no: ${atoms.conditions.length} quantifiers and clocks by the host`,
    prepare: (view) => withoutLists(view, host(view)),
    decide: async (input) => {
      const { events } = await engine.run(input as Record<string, unknown>)
      const fired = new Set(events.map(({ type }) => Number(type)))
      return levels(rules, (i) => fired.has(i))
    },
  }
}
