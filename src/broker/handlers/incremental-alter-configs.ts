import { brokerResource, topicResource } from '../../cluster/image.js'
import {
  brokerListOf,
  type ConfigOperation,
  changedConfigs,
  type ListOf,
  noList,
  topicListOf,
} from '../../config/config-change.js'
import { Errors, refuse } from '../../protocol/errors.js'
import { IncrementalAlterConfigs } from '../../protocol/messages/incremental-alter-configs.js'
import { alterLoggers } from '../altered-loggers.js'
import { alterResources } from '../altered-resources.js'
import { handler } from '../handler.js'

/** By AlterConfigOp.OpType. */
const operations: readonly ConfigOperation[] = ['set', 'delete', 'append', 'subtract']

// IncrementalAlterConfigs v0-1: changes some configs of a resource; they are in force when the answer is there.
export const incrementalAlterConfigs = handler(IncrementalAlterConfigs, async ({ resources, validateOnly }, context) => ({
  responses: await alterResources(resources, validateOnly, context, {
    valueless: configs =>
      configs.filter(config => config.value === null && operations[config.configOperation] !== 'delete').map(({ name }) => name),
    configsOf(type, current, configs) {
      const unknown = configs.find(({ configOperation }) => operations[configOperation] === undefined)
      if (unknown !== undefined) {
        return refuse(Errors.INVALID_REQUEST, `Unknown operations type ${unknown.configOperation}`)
      }
      const changes = configs.map(({ name, configOperation, value }) => ({
        name,
        operation: operations[configOperation] as ConfigOperation,
        value: value ?? '',
      }))
      return changedConfigs(current, changes, listOfType(type))
    },
    alterLoggers,
  }),
}))

function listOfType(type: number): ListOf {
  return type === topicResource ? topicListOf : type === brokerResource ? brokerListOf : noList
}
