/** Where a started process is to be found; what is off is absent. */
export interface Ready {
  readonly issuer: string
  readonly grpc: string
  readonly grpcBearer: string
  readonly operator: string
  readonly agent?: string
  readonly desk?: string
  readonly samples?: Readonly<Record<string, string>>
  /** PEM file of the authority that signed the gRPC servers' development certificate. */
  readonly grpcAuthorityFile?: string
  /** Folder of the development keys of all registered relying parties. */
  readonly relyingPartyKeys?: string
  readonly milliseconds: number
}

/** Tells on standard output that the process is ready: as one line of JSON, or in words. */
export function printReady(ready: Ready, form: 'json' | 'text'): void {
  if (form === 'json') {
    process.stdout.write(`${JSON.stringify({ ready })}\n`)
    return
  }
  const lines: [string, string | undefined][] = [
    ['pages', ready.issuer],
    ["issuer's desk (simulated cards)", ready.desk],
    ...Object.entries(ready.samples ?? {}).map(([name, url]): [string, string] => [
      `sample service: ${name}`,
      url,
    ]),
    ['card agent', ready.agent],
    ['gRPC, mutual TLS', ready.grpc],
    ['gRPC, client assertions', ready.grpcBearer],
    ['keys of relying parties', ready.relyingPartyKeys],
    ['health and metrics', ready.operator],
  ]
  const shown = lines.filter(([, url]) => url !== undefined)
  const width = Math.max(...shown.map(([name]) => name.length))
  const body = shown.map(([name, url]) => `  ${name.padEnd(width)}  ${url}`).join('\n')
  process.stdout.write(
    `Watashi is ready (${(ready.milliseconds / 1000).toFixed(1)} s). Open ${ready.issuer}\n\n${body}\n\nCtrl-C stops it.\n`,
  )
}

/** Tells that the process was told to end, before it takes its leave of everybody. */
export function printStopping(form: 'json' | 'text'): void {
  if (form === 'text') process.stdout.write('stopping ...\n')
}
