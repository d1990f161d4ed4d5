import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { errorCode, InvalidInput, ServiceError } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'

export interface OperatorFace {
  /** Resolves to the port that was taken. */
  listen(port: number): Promise<number>
  close(): Promise<void>
}

/**
 * An order of the operator: takes what was sent as JSON, gives what to answer: one object, or many, each on a line of its own as
 * the operator reads them (NDJSON). A `ServiceError` says why it was not carried out.
 */
export type OperatorOrder = (body: unknown) => Promise<object | AsyncIterable<object>>

export interface OperatorOptions {
  readonly log: Pick<Log, 'error'>
  /** By path. */
  readonly orders?: Readonly<Record<string, OperatorOrder>>
  /** Bytes that may be sent with an order, by path; 4096 where nothing is said. */
  readonly bodyLimits?: Readonly<Record<string, number>>
  /** Why the process should get no traffic now; empty = it is ready. Reasons are codes, never data. */
  readonly notReady: () => readonly string[]
  /** Numbers read at each scrape, by metric name. */
  readonly gauges: Readonly<
    Record<string, { readonly description: string; readonly read: () => number | Promise<number> }>
  >
}

/**
 * Health, metrics and orders for the operator, on a port of its own that only this machine reaches: `/health/live`,
 * `/health/ready`, `/metrics` (Prometheus), and the orders by POST.
 */
export function createOperatorFace(options: OperatorOptions): OperatorFace {
  const exporter = new PrometheusExporter({
    preventServerStart: true,
    // It would name the program by its path on this machine.
    withoutTargetInfo: true,
  })
  const provider = new MeterProvider({ readers: [exporter] })
  const meter = provider.getMeter('watashi')
  for (const [name, { description, read }] of Object.entries(options.gauges)) {
    meter
      .createObservableGauge(name, { description })
      .addCallback(async (result) => result.observe(await read()))
  }
  const orders = new Map(Object.entries(options.orders ?? {}))
  const server = createServer((request, response) => {
    const order = orders.get(request.url ?? '')
    if (order === undefined) answer(options, exporter, request, response)
    else void carryOut(order, options, request, response)
  })
  return {
    listen: (port) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, '127.0.0.1', () => {
          const address = server.address()
          resolve(typeof address === 'object' && address !== null ? address.port : port)
        })
      }),
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await provider.shutdown()
    },
  }
}

const MAX_BODY = 4096

/** What a page of another origin, or behind another name, may make a browser send here is no order: RFC 9110 §7.2, DNS rebinding. */
function isFromOperator({ method, headers, socket }: IncomingMessage): boolean {
  return (
    method === 'POST' &&
    headers['content-type'] === 'application/json' &&
    headers.origin === undefined &&
    headers.host === `127.0.0.1:${String(socket.localPort)}`
  )
}

async function carryOut(
  order: OperatorOrder,
  { log, bodyLimits }: OperatorOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const reply = (status: number, body: object): void => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body))
  }
  if (!isFromOperator(request)) {
    reply(403, {
      error: { code: 'PERMISSION_DENIED', message: 'expected an order of the operator' },
    })
    return
  }
  try {
    const limit = bodyLimits?.[request.url ?? ''] ?? MAX_BODY
    const answered = await order(await readJson(request, limit))
    if (Symbol.asyncIterator in answered) await sendLines(answered, log, response)
    else reply(200, answered)
  } catch (error) {
    const code = errorCode(error)
    if (code === 'INTERNAL') {
      log.error(
        'REQUEST_FAILED',
        { route: request.url ?? '', method: request.method ?? '', status: 500 },
        error,
      )
    }
    const message = error instanceof ServiceError ? error.message : 'internal error'
    reply(code === 'INTERNAL' ? 500 : 422, { error: { code, message } })
  }
}

/** A fault after the first line breaks the connection off: what was read must not pass for the whole. */
async function sendLines(
  answers: AsyncIterable<object>,
  log: OperatorOptions['log'],
  response: ServerResponse,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  try {
    await pipeline(Readable.from(linesOf(answers)), response)
  } catch (error) {
    if (!isHungUp(error)) log.error('REQUEST_FAILED', { status: 200 }, error)
  }
}

async function* linesOf(answers: AsyncIterable<object>): AsyncGenerator<string> {
  for await (const one of answers) yield `${JSON.stringify(one)}\n`
}

function isHungUp(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE'
}

async function readJson(request: IncomingMessage, limit: number): Promise<unknown> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > limit) throw new InvalidInput('body', `at most ${limit} bytes`)
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    // No cause: the message of a JSON parser quotes what it read.
    throw new InvalidInput('body', 'JSON')
  }
}

function answer(
  options: OperatorOptions,
  exporter: PrometheusExporter,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  switch (request.url) {
    case '/health/live':
      response.end('ok\n')
      return
    case '/health/ready': {
      const reasons = options.notReady()
      response.statusCode = reasons.length === 0 ? 200 : 503
      response.end(reasons.length === 0 ? 'ok\n' : `${reasons.join('\n')}\n`)
      return
    }
    case '/metrics':
      exporter.getMetricsRequestHandler(request, response)
      return
    default:
      response.statusCode = 404
      response.end('no such page\n')
  }
}
