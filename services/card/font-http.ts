import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'

const PACKAGE = '@fontsource-variable/noto-sans-jp'

/**
 * Serves `Noto Sans JP Variable` from our own origin, for machines without a Japanese font: `/fonts.css` names its parts, and
 * browsers fetch those whose letters stand on the page. Their paths hold the version, so that they may be kept for ever.
 */
export function serveFont(app: FastifyInstance): void {
  const folder = fileURLToPath(new URL('.', import.meta.resolve(`${PACKAGE}/package.json`)))
  const { version } = JSON.parse(readFileSync(`${folder}package.json`, 'utf8')) as {
    readonly version: string
  }
  const prefix = `/fonts/${version}/`
  const faces = readFileSync(`${folder}wght.css`, 'utf8').replaceAll(
    'url(./files/',
    `url(${prefix}`,
  )
  app.get('/fonts.css', async (_request, reply) =>
    reply
      .header('cache-control', 'public, max-age=3600')
      .type('text/css; charset=utf-8')
      .send(faces),
  )
  void app.register(fastifyStatic, {
    root: `${folder}files`,
    prefix,
    allowedPath: (path) => path.endsWith('.woff2'),
    index: false,
    decorateReply: false,
    maxAge: '365d',
    immutable: true,
  })
}
