import { init, killThreads, Z3_error_code, Z3_lbool } from 'z3-solver'
import type { Term, Terms } from './terms.ts'

/** What a satisfying assignment says of the terms. */
export interface Model {
  holds(term: Term): boolean
  number(term: Term): number
}

/** Z3 as WebAssembly. One question at a time: it has one solver thread. */
export class Z3Prover implements AsyncDisposable {
  readonly #api: Awaited<ReturnType<typeof init>>

  private constructor(api: Awaited<ReturnType<typeof init>>) {
    this.#api = api
  }

  static async start(): Promise<Z3Prover> {
    return new Z3Prover(await init())
  }

  /** The problem with its named questions. */
  problem(terms: Terms): Problem {
    const { Z3 } = this.#api
    const context = Z3.mk_context(Z3.mk_config())
    const solver = Z3.mk_solver_for_logic(context, Z3.mk_string_symbol(context, 'QF_FD'))
    Z3.solver_inc_ref(context, solver)
    // The asynchronous way to give text loses it now and then.
    Z3.solver_from_string(context, solver, terms.text)
    const code = Z3.get_error_code(context)
    if (code !== Z3_error_code.Z3_OK) throw new Error(Z3.get_error_msg(context, code))
    return {
      ask: async (question) => {
        const name = Z3.mk_string_symbol(context, question)
        const asked = Z3.mk_const(context, name, Z3.mk_bool_sort(context))
        const answer = await Z3.solver_check_assumptions(context, solver, [asked])
        if (answer === Z3_lbool.Z3_L_UNDEF) throw new Error(`no answer to ${question}`)
        if (answer === Z3_lbool.Z3_L_FALSE) return undefined
        const model = Z3.solver_get_model(context, solver)
        return modelOf(Z3.model_to_string(context, model))
      },
      close: () => {
        Z3.solver_dec_ref(context, solver)
        Z3.del_context(context)
      },
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await killThreads(this.#api.em)
  }
}

export interface Problem {
  /** A model in which the question holds; `undefined` when there is none. */
  ask(question: string): Promise<Model | undefined>
  close(): void
}

/** Constants that a model leaves open are free: false and 0 do. */
function modelOf(text: string): Model {
  const values = new Map<string, string>()
  for (const [, name = '', value = ''] of text.matchAll(/^(.+?) -> (.+)$/gm))
    values.set(name.replaceAll('|', ''), value)
  const valueOf = (term: Term) => values.get(term.replaceAll('|', ''))
  return {
    holds: (term) => term === 'true' || valueOf(term) === 'true',
    number: (term) => {
      const constant = /^\(_ bv(\d+) \d+\)$/.exec(term)
      if (constant !== null) return Number(constant[1])
      const value = valueOf(term)
      return value === undefined ? 0 : Number(value.replace(/^#/, '0'))
    },
  }
}
