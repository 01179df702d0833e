import { type ConfigOperation, changedOverrides } from '../../config/config-change.js'
import { IncrementalAlterConfigs } from '../../protocol/messages/incremental-alter-configs.js'
import { alterResources } from '../altered-resources.js'
import { handler } from '../handler.js'

/** By AlterConfigOp.OpType. */
const operations: readonly ConfigOperation[] = ['set', 'delete', 'append', 'subtract']

// IncrementalAlterConfigs v0-1: changes some configs of a topic; they are in force when the answer is there.
export const incrementalAlterConfigs = handler(IncrementalAlterConfigs, async ({ resources, validateOnly }, context) => ({
  responses: await alterResources(resources, validateOnly, context, {
    problemOf({ name, configOperation, value }) {
      const operation = operations[configOperation]
      if (operation === undefined) return `Unknown operation ${configOperation} for ${name}`
      return value === null && operation !== 'delete' ? `Null value not supported for : ${name}` : null
    },
    overridesOf: (current, configs) =>
      changedOverrides(
        current,
        configs.map(({ name, configOperation, value }) => ({
          name,
          operation: operations[configOperation] as ConfigOperation,
          value: value ?? '',
        })),
      ),
  }),
}))
