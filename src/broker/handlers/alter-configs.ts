import { AlterConfigs } from '../../protocol/messages/alter-configs.js'
import { alterResources } from '../altered-resources.js'
import { handler } from '../handler.js'

// AlterConfigs v0-2: a topic's configs become exactly those of the request, and are in force when the answer is there.
export const alterConfigs = handler(AlterConfigs, async ({ resources, validateOnly }, context) => ({
  responses: await alterResources(resources, validateOnly, context, {
    problemOf: ({ name, value }) => (value === null ? `Null value not supported for : ${name}` : null),
    overridesOf: (_current, configs) => new Map(configs.map(({ name, value }) => [name, value as string])),
  }),
}))
