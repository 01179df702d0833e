import { AlterConfigs } from '../../protocol/messages/alter-configs.js'
import { alterResources } from '../altered-resources.js'
import { handler } from '../handler.js'

// AlterConfigs v0-2: a resource's configs become exactly those of the request, and are in force when the answer is there.
export const alterConfigs = handler(AlterConfigs, async ({ resources, validateOnly }, context) => ({
  responses: await alterResources(resources, validateOnly, context, {
    valueless: configs => configs.filter(({ value }) => value === null).map(({ name }) => name),
    configsOf: (_type, _current, configs) => new Map(configs.map(({ name, value }) => [name, value as string])),
    alterLoggers: null,
  }),
}))
