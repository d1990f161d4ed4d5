import { readFileSync } from 'node:fs'

const NAMES = ['library', 'liquor', 'bank'] as const
export type Name = (typeof NAMES)[number]

/** What the starter of this program hands over, as JSON in `SAMPLE_RP_CONFIG` or in the file named by the second argument. */
export interface Config {
  readonly name: Name
  readonly port: number
  /** Our own origin, as browsers see it. */
  readonly origin: string
  /** Origin of Watashi's pages: where browsers are sent. */
  readonly watashiOrigin: string
  /** Audience of client assertions. */
  readonly issuer: string
  /** `host:port` of the gRPC face. */
  readonly grpcAddress: string
  /** PEM: the certification authority of the gRPC server. */
  readonly authority: Buffer
  /** PEM: our certificate and key; with the key alone we sign client assertions. */
  readonly certificate: Buffer
  readonly key: Buffer
}

/** Throws an Error whose message names what is missing. */
export function readConfig(args: readonly string[], json: string | undefined): Config {
  const [name, file] = args
  const known = NAMES.find((candidate) => candidate === name)
  if (known === undefined) throw new Error(`expected a name: ${NAMES.join(', ')}`)
  const text = file === undefined ? json : readFileSync(file, 'utf8')
  if (text === undefined) throw new Error('expected `SAMPLE_RP_CONFIG`, or a file of JSON')
  const members = JSON.parse(text) as Record<string, unknown>
  const read = (member: string): string => {
    const value = members[member]
    if (typeof value !== 'string' || value === '') throw new Error(`expected \`${member}\``)
    return value
  }
  const { port } = members
  if (typeof port !== 'number' || !Number.isInteger(port)) throw new Error('expected `port`')
  return {
    name: known,
    port,
    origin: read('origin'),
    watashiOrigin: read('watashiOrigin'),
    issuer: read('issuer'),
    grpcAddress: read('grpcAddress'),
    authority: readFileSync(read('authorityFile')),
    certificate: readFileSync(read('certificateFile')),
    key: readFileSync(read('keyFile')),
  }
}
