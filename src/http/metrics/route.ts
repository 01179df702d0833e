/** What Prometheus scrapes. */
import { createRoute } from '@hono/zod-openapi'
import type { App } from '../access.js'
import { mustOnCluster } from '../cluster.js'
import { failure } from '../failures.js'
import { answersStream } from '../openapi.js'
import type { HttpParts } from '../parts.js'
import { streamOf } from '../pieces.js'
import type { Scraper } from './scraper.js'

export const metricsPath = '/metrics'

const metrics = createRoute({
  method: 'get',
  path: metricsPath,
  tags: ['metrics'],
  summary: 'All metrics, as Prometheus reads them',
  description:
    'docs/metrics.md lists them. For who may describe the cluster: names of all topics and groups are among them. Scrapes at the ' +
    'same time get the same answer.',
  responses: answersStream('text/plain', 'Prometheus’s text format, version 0.0.4'),
})

/** Answers on their way; each holds all of its text. */
const answersMax = 8

export function metricsRoutes(app: App, parts: HttpParts): void {
  let scraper: Promise<Scraper> | null = null
  let answers = 0
  // Nothing of it is loaded before somebody scrapes.
  const open = async (): Promise<Scraper> => new (await import('./scraper.js')).Scraper(parts)

  app.openapi(metrics, async context => {
    await mustOnCluster(context.get('kafka'), 'describe')
    scraper ??= open().catch(error => {
      scraper = null
      throw error
    })
    const { contentType } = await scraper
    context.header('Content-Type', contentType)
    // Nobody would read the answer, and so nobody would end it.
    if (context.req.method === 'HEAD') return context.body('')
    if (answers >= answersMax) throw failure('TOO_MANY_REQUESTS', `${answersMax} scrapes are being answered already.`)
    answers++
    const ended = (): void => {
      answers--
    }
    try {
      return context.body(streamOf(await (await scraper).scrape(), ended))
    } catch (error) {
      ended()
      throw error
    }
  })
}
