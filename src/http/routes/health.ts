/**
 * For probes, which have no login: whether the process's event loop turns (livez, for who would start it again), whether clients
 * should be sent here (readyz), and both (healthz). The port opens when recovery is done, so there is nobody to ask before.
 */
import { createRoute, z } from '@hono/zod-openapi'
import type { App } from '../access.js'
import type { HttpParts } from '../parts.js'

const ok = { description: 'Yes', content: { 'text/plain': { schema: z.literal('ok') } } }
const notReady = { description: 'No, and why, a line for each reason', content: { 'text/plain': { schema: z.string() } } }

const live = createRoute({
  method: 'get',
  path: '/livez',
  tags: ['health'],
  summary: 'Whether the process is alive: its event loop turns',
  responses: { 200: ok },
})
const ready = createRoute({
  method: 'get',
  path: '/readyz',
  tags: ['health'],
  summary: 'Whether clients are served: listeners are open, log directories online, and the broker is not stopping',
  responses: { 200: ok, 503: notReady },
})
const healthy = createRoute({
  method: 'get',
  path: '/healthz',
  tags: ['health'],
  summary: 'Whether the broker is alive and ready',
  responses: { 200: ok, 503: notReady },
})

export function healthRoutes(app: App, parts: HttpParts): void {
  app.openapi(live, context => context.text('ok', 200))
  for (const route of [ready, healthy]) {
    app.openapi(route, context => {
      const reasons = parts.closing.aborted ? ['the broker is stopping'] : parts.broker.observed.notReady()
      return reasons.length === 0 ? context.text('ok', 200) : context.text(`${reasons.join('\n')}\n`, 503)
    })
  }
}
