import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

export interface OperatorFace {
  /** Resolves to the port that was taken. */
  listen(port: number): Promise<number>
  close(): Promise<void>
}

export interface OperatorOptions {
  /** Why the process should get no traffic now; empty = it is ready. Reasons are codes, never data. */
  readonly notReady: () => readonly string[]
  /** Numbers read at each scrape, by metric name. */
  readonly gauges: Readonly<
    Record<string, { readonly description: string; readonly read: () => number | Promise<number> }>
  >
}

/** Health and metrics for the operator, on a port of its own: `/health/live`, `/health/ready`, `/metrics` (Prometheus). */
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
  const server = createServer((request, response) => {
    answer(options, exporter, request, response)
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
