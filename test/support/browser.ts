import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type Browser } from 'playwright-core'

const INSTALLED = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
]

/** Keeps the browser at home: no lookups of its maker's hosts. */
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-domain-reliability',
]

/**
 * A real Chromium: `CHROME_PATH`, else an installed one, else the one inside the package @sparticuz/chromium, which runs on
 * a machine that has none of its libraries.
 * @returns the browser and, in one word, which it is
 */
export async function launchBrowser(): Promise<{ browser: Browser; tier: string }> {
  const named = process.env['CHROME_PATH']
  const path =
    named !== undefined && named !== ''
      ? named
      : INSTALLED.find((candidate) => existsSync(candidate))
  if (path !== undefined) {
    return { browser: await chromium.launch({ executablePath: path, args: QUIET }), tier: path }
  }
  const { executablePath, args } = await unpackedChromium()
  return {
    browser: await chromium.launch({ executablePath, args: [...args, ...QUIET] }),
    tier: '@sparticuz/chromium',
  }
}

async function unpackedChromium(): Promise<{ executablePath: string; args: string[] }> {
  const packaged = await import('@sparticuz/chromium')
  const place = join(import.meta.dirname, '../../.cache/chromium')
  if (!existsSync(place)) {
    // Unpacked beside and moved when whole: the package takes any `chromium` it finds, half-written ones too.
    const draft = `${place}-${process.pid}`
    mkdirSync(draft, { recursive: true })
    const before = process.env['TMPDIR']
    process.env['TMPDIR'] = draft
    await packaged.default.executablePath()
    await packaged.inflate(join(packageFolder(), 'bin', 'al2023.tar.br'))
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
    renameSync(draft, place)
  }
  if (!hasSharedLibraries()) packaged.setupLambdaEnvironment(join(place, 'al2023', 'lib'))
  // Not the package's own arguments: their `--single-process` ends the browser with its first page.
  return { executablePath: join(place, 'chromium'), args: ['--headless=shell'] }
}

function packageFolder(): string {
  return join(import.meta.dirname, '../../node_modules/@sparticuz/chromium')
}

function hasSharedLibraries(): boolean {
  const folders = [
    '/usr/lib/x86_64-linux-gnu',
    '/usr/lib/aarch64-linux-gnu',
    '/usr/lib64',
    '/lib64',
  ].filter((folder) => existsSync(folder))
  const has = (name: string): boolean =>
    folders.some((folder) => readdirSync(folder).some((file) => file.startsWith(name)))
  return has('libnss3.so') && has('libnspr4.so')
}
