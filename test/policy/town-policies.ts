import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { POLICIES_DIRECTORY } from '../../services/policy/policy-store.ts'

/** Folder with the product's policies and two more, `town-2027` and `town-default`, which uses it; gone after the test. */
export async function policiesWithTown(kind = 'jpki_sign_cert'): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'watashi-policies-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await cp(POLICIES_DIRECTORY, folder, { recursive: true })
  await writePack(folder, 'town-2027', [
    'serves: { town-2027: [residence] }',
    'axes:',
    '  residence: { title: { ja: 居住, en: residence }, scope: person, levels: [nothing, shown] }',
    'grants:',
    '  - id: TOWN.SHOWN',
    '    title: { ja: 電子署名, en: signature }',
    '    cites: [town rule 1]',
    '    grant: { residence: shown }',
    `    when: evidence.exists(e, e.kind == ${kind})`,
    '    missing: { ja: 電子署名が必要です, en: needs a signature }',
    '    effort: 3',
  ])
  await writePack(folder, 'town-default', [
    'serves: { town-default: [phishing_resistant] }',
    'uses:',
    '  - framework: town-2027',
    '    person: [{ framework: town-2027, axis: residence }]',
    'axes:',
    '  phishing_resistant:',
    "    { title: { ja: 耐性, en: resistance }, scope: ceremony, levels: ['no', 'yes'] }",
  ])
  return folder
}

async function writePack(
  folder: string,
  framework: string,
  lines: readonly string[],
): Promise<void> {
  const header = [
    'language: 1',
    `framework: ${framework}`,
    'version: 1.0.0',
    'status: released',
    'title: { ja: 町, en: town }',
    'effective: { from: 2016-04-22 }',
    'zone: Asia/Tokyo',
  ]
  await mkdir(join(folder, framework))
  await writeFile(join(folder, framework, 'framework.yaml'), [...header, ...lines, ''].join('\n'))
}
