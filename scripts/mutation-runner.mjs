// Runs the unit tests of a mutation run: a test runner for Stryker, and what those tests get for `vitest`. Every test is loaded once
// and called again for each mutant, in one process: a mutant then costs milliseconds, where a start of vitest costs seconds. What a
// mutant leaves behind in the process, such as a wrong value in a cache, must not count against the next one: see `#checkLegacy`.
import { glob } from 'node:fs/promises'
import { registerHooks } from 'node:module'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { INSTRUMENTER_CONSTANTS } from '@stryker-mutator/api/core'
import { commonTokens, declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin'
import {
  determineHitLimitReached,
  DryRunStatus,
  TestStatus,
  toMutantRunResult,
} from '@stryker-mutator/api/test-runner'
import { expect } from 'vitest'

const tests = []
const suites = []

function describe(name, body) {
  suites.push(name)
  body()
  suites.pop()
}

function test(name, body) {
  tests.push({ id: `${tests.length} ${[...suites, name].join(' > ')}`, body })
}

test.each = (rows) => (name, body) => {
  for (const row of rows) {
    const values = Array.isArray(row) ? row : [row]
    test(`${name} ${String(values[0])}`, () => body(...values))
  }
}

export { describe, expect, test }

const SPOILT = 'a mutant left something behind in the process'

class InProcessRunner {
  static inject = [commonTokens.options]
  #patterns
  #leftOut
  /** Which mutant is active, and what was covered: shared with the mutated code. */
  #state = (globalThis[INSTRUMENTER_CONSTANTS.NAMESPACE] ??= {})
  #fresh = true
  #spoilt = false

  constructor(options) {
    this.#patterns = options.inProcess.tests
    this.#leftOut = new RegExp(options.inProcess.leftOut)
  }

  capabilities() {
    return { reloadEnvironment: false }
  }

  /** Loading takes its time, which must not count as that of a mutant. */
  async init() {
    await this.#load()
  }

  async dryRun() {
    this.#fresh = false
    const results = await this.#run(tests.filter(({ id }) => !this.#leftOut.test(id)))
    return {
      status: DryRunStatus.Complete,
      tests: results,
      mutantCoverage: this.#state.mutantCoverage,
    }
  }

  async mutantRun({ activeMutant, hitLimit, testFilter, disableBail }) {
    if (this.#spoilt) throw new Error(SPOILT)
    const fresh = this.#fresh
    this.#fresh = false
    Object.assign(this.#state, { activeMutant: activeMutant.id, hitCount: 0, hitLimit })
    const wanted = testFilter === undefined ? null : new Set(testFilter)
    const chosen = tests.filter(({ id }) => wanted === null || wanted.has(id))
    const results = await this.#run(chosen, !disableBail)
    this.#state.activeMutant = undefined
    await this.#checkLegacy(results, fresh)
    return toMutantRunResult(
      determineHitLimitReached(this.#state.hitCount, hitLimit) ?? {
        status: DryRunStatus.Complete,
        tests: results,
      },
    )
  }

  async #load() {
    registerHooks({
      resolve: (specifier, context, next) =>
        specifier === 'vitest'
          ? { url: import.meta.url, shortCircuit: true }
          : next(specifier, context),
    })
    for (const file of await Array.fromAsync(glob(this.#patterns))) {
      await import(pathToFileURL(resolve(file)).href)
    }
  }

  /**
   * Calls the test that a mutant failed once more without it. When it fails again, the process is spoilt: by this mutant when nothing
   * ran there before, which then was noticed; else maybe by what did. Stryker starts another process and tries again after an error.
   */
  async #checkLegacy(results, fresh) {
    const failed = results.find(({ status }) => status === TestStatus.Failed)
    if (failed === undefined) return
    const [{ status }] = await this.#run(tests.filter(({ id }) => id === failed.id))
    this.#spoilt = status === TestStatus.Failed
    if (this.#spoilt && !fresh) throw new Error(SPOILT)
  }

  async #run(chosen, bail = false) {
    const results = []
    for (const { id, body } of chosen) {
      this.#state.currentTestId = id
      const began = performance.now()
      const failure = await failureOf(body)
      const common = { id, name: id, timeSpentMs: performance.now() - began }
      results.push(
        failure === null
          ? { ...common, status: TestStatus.Success }
          : { ...common, status: TestStatus.Failed, failureMessage: String(failure) },
      )
      if (bail && failure !== null) break
    }
    this.#state.currentTestId = undefined
    return results
  }
}

async function failureOf(body) {
  try {
    await body()
    return null
  } catch (error) {
    return error
  }
}

export const strykerPlugins = [
  declareClassPlugin(PluginKind.TestRunner, 'in-process', InProcessRunner),
]
export const strykerValidationSchema = {
  properties: {
    inProcess: {
      type: 'object',
      properties: {
        tests: { type: 'array', items: { type: 'string' } },
        leftOut: { type: 'string' },
      },
      required: ['tests', 'leftOut'],
    },
  },
}
