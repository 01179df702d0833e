/** All that was set up, as one file: out of one broker, into another. */
import { createRoute, z } from '@hono/zod-openapi'
import type { App } from '../access.js'
import { applyDefinitions, Definitions, Outcome, readDefinitions } from '../definitions.js'
import { answers, jsonBody } from '../openapi.js'
import { flagText } from '../schemas.js'

const path = '/api/v1/definitions'
const tags = ['definitions']

const exported = createRoute({
  method: 'get',
  path,
  tags,
  summary: 'Topics, configs, ACLs and quotas as one file; no records, no positions, no passwords',
  responses: answers(Definitions, 'The file'),
})

const imported = createRoute({
  method: 'post',
  path,
  tags,
  summary: 'Make this broker like a file: what is missing is made, what differs is set, nothing is taken away',
  request: {
    query: z.strictObject({ dryRun: flagText.default(true).openapi({ description: 'Only tell what would be' }) }),
    body: jsonBody(Definitions),
  },
  responses: answers(z.object({ isDone: z.boolean(), outcomes: z.array(Outcome) }), 'What was done, or would be, one by one'),
})

export function definitionRoutes(app: App): void {
  app.openapi(exported, async context => {
    const definitions = await readDefinitions(context.get('kafka'))
    context.header('Content-Disposition', 'attachment; filename="gregor-definitions.json"')
    return context.json(definitions, 200)
  })
  app.openapi(imported, async context => {
    const { dryRun } = context.req.valid('query')
    const outcomes = await applyDefinitions(context.get('kafka'), context.req.valid('json'), dryRun)
    return context.json({ isDone: !dryRun, outcomes }, 200)
  })
}
