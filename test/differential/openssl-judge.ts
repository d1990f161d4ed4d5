import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodePem } from '../../services/kernel/pem.ts'
import { NOW } from '../pki/issue.ts'
import type { CmsMutant, Judgement, Mutant, OcspMutant, PathMutant } from './mutant.ts'

interface Output {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Without a policy the user-initial-policy-set would be empty, not any-policy as it is here. */
const POLICY = ['-policy_check', '-policy', '2.5.29.32.0']
const PATH_ARGUMENTS = ['-x509_strict', '-crl_check_all', '-purpose', 'any', ...POLICY]
const AT = ['-attime', String(NOW.getTime() / 1000)]
const ALONE = ['-no-CApath', '-no-CAstore']
const MAX_SECONDS = 20

/** The `openssl` command line as the second judge, with files of its own that `Symbol.dispose` takes away. */
export class OpensslJudge implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'watashi-differential-'))
  readonly #known = new Map<string, string>()

  /** Several targets of one path go into one call; everything else takes one of its own. */
  async judge(mutants: readonly Mutant[]): Promise<Judgement[]> {
    const [first] = mutants
    if (first === undefined) return []
    switch (first.kind) {
      case 'target':
        return this.#targets(mutants.filter((one): one is PathMutant => one.kind === 'target'))
      case 'intermediate':
      case 'crl':
        return [await this.#path(first)]
      case 'ocsp':
        return [await this.#ocsp(first)]
      case 'cms':
        return [await this.#cms(first)]
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true })
  }

  async #targets(mutants: readonly PathMutant[]): Promise<Judgement[]> {
    const [first] = mutants
    if (first === undefined) return []
    const names = mutants.map(({ number, target }) => this.#write(`${number}.der`, target))
    const output = await this.#verify(first, names, first)
    this.#remove(names)
    return names.map((name) => judgementOn(name, output))
  }

  async #path(mutant: PathMutant): Promise<Judgement> {
    const name = this.#keep('target', mutant.target, 'CERTIFICATE')
    const output = await this.#verify(mutant, [name], mutant)
    return judgementOn(name, output)
  }

  async #verify(
    { root, intermediates, crls }: PathMutant,
    names: readonly string[],
    { kind, number }: PathMutant,
  ): Promise<Output> {
    const pem = (label: string, ders: readonly Uint8Array[]): string =>
      ders.map((der) => encodePem(label, der)).join('')
    const mutated = [
      this.#write(`${kind}-${number}-untrusted.pem`, pem('CERTIFICATE', intermediates)),
      this.#write(`${kind}-${number}-crls.pem`, pem('X509 CRL', crls)),
    ] as const
    const [untrusted, lists] = mutated
    const trusted = ['-CAfile', this.#keep('root', root, 'CERTIFICATE'), ...ALONE]
    const given = ['-untrusted', untrusted, '-CRLfile', lists]
    const output = await this.#run(
      'verify',
      ...PATH_ARGUMENTS,
      ...AT,
      ...trusted,
      ...given,
      ...names,
    )
    this.#remove(mutated)
    return output
  }

  async #ocsp({ number, response, certificate, issuer }: OcspMutant): Promise<Judgement> {
    const name = this.#write(`${number}.ocsp`, response)
    const trusted = this.#keep('issuer', issuer, 'CERTIFICATE')
    const asked = this.#keep('asked', certificate, 'CERTIFICATE')
    const output = await this.#run(
      ...['ocsp', '-respin', name, '-no_nonce', '-CAfile', trusted, ...ALONE],
      ...['-issuer', trusted, '-cert', asked],
    )
    this.#remove([name])
    const { stdout, stderr, code } = output
    const told = new RegExp(`${asked}: (\\w+)`).exec(stdout)?.[1]
    const timely = !`${stdout}${stderr}`.includes('Status times invalid')
    const isVerified = /Response verify OK/i.test(stderr) && code === 0
    if (isVerified && told === 'good' && timely) return ACCEPTED
    if (!isVerified) return refused(lastError(stderr) ?? firstLine(stderr) ?? firstLine(stdout))
    return refused(timely ? `status ${told}` : 'status times invalid')
  }

  async #cms({ number, cms, root }: CmsMutant): Promise<Judgement> {
    const name = this.#write(`${number}.cms`, cms)
    const trusted = ['-CAfile', this.#keep('root', root, 'CERTIFICATE'), ...ALONE]
    const output = await this.#run(
      ...['cms', '-verify', '-binary', '-inform', 'DER', '-in', name, '-out', '/dev/null'],
      ...['-x509_strict', ...POLICY, ...AT, ...trusted],
    )
    this.#remove([name])
    if (output.code === 0) return ACCEPTED
    return refused(lastError(output.stderr) ?? firstLine(output.stderr))
  }

  #write(name: string, contents: Uint8Array | string): string {
    writeFileSync(join(this.#folder, name), contents)
    return name
  }

  /** A file that many mutants have in common, written once. */
  #keep(kind: string, der: Uint8Array, label: string): string {
    const pem = encodePem(label, der)
    const known = this.#known.get(pem)
    if (known !== undefined) return known
    const name = this.#write(`${kind}-kept-${this.#known.size}.pem`, pem)
    this.#known.set(pem, name)
    return name
  }

  #remove(names: readonly string[]): void {
    for (const name of names) rmSync(join(this.#folder, name))
  }

  #run(...args: readonly string[]): Promise<Output> {
    return new Promise((resolve, reject) => {
      const options = { cwd: this.#folder, timeout: MAX_SECONDS * 1000, maxBuffer: 2 ** 22 }
      execFile('openssl', args, options, (error, stdout, stderr) => {
        const code = error === null ? 0 : error.code
        if (typeof code === 'number') resolve({ code, stdout, stderr })
        else reject(new Error(`openssl ${args[0]} did not end by itself`, { cause: error }))
      })
    })
  }
}

const ACCEPTED: Judgement = { accepts: true, reason: '' }

function refused(reason: string | undefined): Judgement {
  return { accepts: false, reason: reason ?? 'no reason' }
}

/** What was said of one file: `NAME: OK`, or why not, before `error NAME: verification failed`. */
function judgementOn(name: string, { stdout, stderr }: Output): Judgement {
  if (stdout.split('\n').includes(`${name}: OK`)) return ACCEPTED
  const lines = stderr.split('\n')
  const end = lines.findIndex((line) => line.startsWith(`error ${name}: verification failed`))
  if (end === -1) return refused(unread(lines, name))
  const begin = lines.findLastIndex((line, i) => i < end && /verification failed/.test(line)) + 1
  const errors = lines
    .slice(begin, end)
    .map((line) => /^error \d+ at \d+ depth lookup: ?(.*)$/.exec(line)?.[1])
  return refused(errors.find((text) => text !== undefined))
}

function unread(lines: readonly string[], name: string): string {
  const isAbout = lines.some((line) => line.includes('Could not') && line.includes(name))
  if (isAbout) return 'could not read the certificate'
  const other = lines.find((line) => /Could not|Unable|unable|error/.test(line))
  return (other ?? 'no answer').replace(/(from|file) \S*\d\S*/, '$1 FILE')
}

/** Text of the first entry of OpenSSL's error queue: `…:error:CODE:LIBRARY:FUNCTION:REASON:FILE:LINE:DATA`. */
function lastError(stderr: string): string | undefined {
  const [entry] = stderr.split('\n').filter((line) => /:error:/.test(line))
  const parts = entry?.split(':error:')[1]?.split(':')
  if (parts === undefined) return undefined
  const [, , , reason = '', , , ...data] = parts
  const detail = data.join(':').replace(/^Verify error: ?/, '')
  return detail === '' || /=/.test(detail) ? reason : `${reason}: ${detail}`
}

function firstLine(text: string): string | undefined {
  return text.split('\n').find((line) => line.trim() !== '')
}
