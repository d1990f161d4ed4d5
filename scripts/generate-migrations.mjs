// Writes the SQL migrations of every service from its `schema.{sqlite,postgres}.ts`.
//   node scripts/generate-migrations.mjs [service…]           adds a migration where a schema has changed
//   node scripts/generate-migrations.mjs --fresh <service…>   throws the migrations of these away and writes one
//   node scripts/generate-migrations.mjs --check [service…]   writes nothing, fails where one is missing
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const kit = join(root, 'node_modules/drizzle-kit/bin.cjs')
const dialects = { sqlite: 'sqlite', postgres: 'postgresql' }

const args = process.argv.slice(2)
const flags = args.filter((arg) => arg.startsWith('--'))
const named = args.filter((arg) => !arg.startsWith('--'))
const unknown = flags.find((flag) => flag !== '--check' && flag !== '--fresh')
if (unknown) fail(`unknown option \`${unknown}\``)
const check = flags.includes('--check')
const fresh = flags.includes('--fresh')
if (fresh && named.length === 0) fail('`--fresh` needs the name of a service')

const services = readdirSync(join(root, 'services'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && (named.length === 0 || named.includes(entry.name)))
  .map((entry) => entry.name)
const missing = named.filter((name) => !services.includes(name))
if (missing.length > 0) fail(`no such service: ${missing.join(', ')}`)

let stale = 0
for (const service of services) {
  for (const [dialect, kitDialect] of Object.entries(dialects)) {
    const schema = `services/${service}/schema.${dialect}.ts`
    if (!existsSync(join(root, schema))) continue
    const out = join(root, 'services', service, 'migrations', dialect)
    if (check) stale += isStale(schema, kitDialect, out) ? 1 : 0
    else {
      if (fresh) rmSync(out, { recursive: true, force: true })
      generate(schema, kitDialect, out)
    }
  }
}
if (stale > 0) {
  fail(`${stale} schema(s) without migration: run \`node scripts/generate-migrations.mjs\``)
}

function isStale(schema, dialect, out) {
  const copy = mkdtempSync(join(tmpdir(), 'watashi-migrations-'))
  try {
    if (existsSync(out)) cpSync(out, copy, { recursive: true })
    const before = files(copy)
    generate(schema, dialect, copy)
    if (files(copy) === before) return false
    console.error(`${schema} has changes that no migration holds`)
    return true
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

function files(folder) {
  return readdirSync(folder, { recursive: true }).sort().join('\n')
}

function generate(schema, dialect, out) {
  const name = existsSync(join(out, 'meta/_journal.json')) ? 'change' : 'initial'
  const result = spawnSync(
    process.execPath,
    [
      kit,
      'generate',
      `--dialect=${dialect}`,
      `--schema=${schema}`,
      // It takes an absolute path for a relative one wherever it reads an earlier migration.
      `--out=${relative(root, out)}`,
      `--name=${name}`,
    ],
    // No terminal for it: a rename that it would ask about must be written with `drizzle-kit generate --custom`.
    { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const made = /migration file ➜ (\S+)/.exec(result.stdout)?.[1]
  // It ends with 0 after an error, too.
  if (result.status !== 0 || result.stderr !== '')
    fail(`${schema}: ${result.stdout}${result.stderr}`)
  if (made && !check) console.log(made.replace(root, ''))
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
