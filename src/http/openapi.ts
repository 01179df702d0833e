/** What all routes say of themselves in the OpenAPI document in the same words. */
import { z } from '@hono/zod-openapi'

export const openApiInfo = {
  openapi: '3.1.0',
  info: {
    title: 'Gregor',
    version: '1',
    description:
      'The HTTP API of a Gregor broker. What it does, it does as a Kafka client: with the same rights, checks and errors.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
}

const Failure = z
  .object({
    error: z.object({
      type: z
        .string()
        .openapi({ description: 'Kafka’s name of the error, or one of this port', example: 'TOPIC_ALREADY_EXISTS' }),
      code: z.number().int().nullable().openapi({ description: 'Kafka’s number of it' }),
      message: z.string(),
    }),
  })
  .openapi('Failure')

const refused = { description: 'Why not', content: { 'application/json': { schema: Failure } } }

/** The responses of a route that answers with JSON. */
export function answers<S extends z.ZodType>(schema: S, description: string) {
  return { 200: { description, content: { 'application/json': { schema } } }, default: refused }
}

/** The responses of a route that has nothing to tell. */
export function answersNothing(description: string) {
  return { 204: { description }, default: refused }
}

/** The responses of a route that sends something else than JSON, a piece at a time. */
export function answersStream(type: string, description: string) {
  return { 200: { description, content: { [type]: { schema: z.string() } } }, default: refused }
}

export function jsonBody<S extends z.ZodType>(schema: S) {
  return { required: true, content: { 'application/json': { schema } } }
}
