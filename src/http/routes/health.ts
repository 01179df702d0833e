/** Whether the broker is well. */
import { createRoute, z } from '@hono/zod-openapi'
import type { App } from '../access.js'
import type { HttpParts } from '../parts.js'

const live = createRoute({
  method: 'get',
  path: '/healthz',
  summary: 'Whether the broker answers',
  responses: { 200: { description: 'It does', content: { 'text/plain': { schema: z.literal('ok') } } } },
})

export function healthRoutes(app: App, _parts: HttpParts): void {
  app.openapi(live, context => context.text('ok'))
}
