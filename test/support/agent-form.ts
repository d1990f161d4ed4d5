import { request } from 'node:http'

export interface Page {
  readonly status: number
  readonly text: string
}

/** What a browser does at the card agent: opens the page of a ticket, fills in the form and sends it. */
export async function tapAtAgent(
  agentOrigin: string,
  ticket: string,
  card: string,
  pin: string,
): Promise<Page> {
  const page = await send(agentOrigin, 'GET', `/?ticket=${encodeURIComponent(ticket)}`)
  const token = /name="token" value="([^"]+)"/.exec(page.text)?.[1]
  if (token === undefined) return page
  return send(agentOrigin, 'POST', '/tap', new URLSearchParams({ ticket, token, card, pin }))
}

/** Node does not resolve `*.localhost`, and `fetch` sets `Host` itself. */
export function send(
  origin: string,
  method: string,
  path: string,
  form?: URLSearchParams,
): Promise<Page> {
  const { port, host } = new URL(origin)
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        method,
        path,
        headers: {
          host,
          ...(form && { origin, 'content-type': 'application/x-www-form-urlencoded' }),
        },
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            text: Buffer.concat(chunks).toString('utf8'),
          }),
        )
      },
    )
    outgoing.on('error', reject)
    outgoing.end(form?.toString())
  })
}
