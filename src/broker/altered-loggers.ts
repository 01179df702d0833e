/** Changes the levels of loggers (KIP-412): at once, all of them or none, and not over a restart. */
import { type LoggerName, type LogLevelName, loggerNames, loggersOf, logLevelNames, rootLogger } from '../base/loggers.js'
import { Errors, type Refusal, refuse } from '../protocol/errors.js'
import { nodeIdOf } from './config-resources.js'
import type { RequestContext } from './handler.js'

interface Change {
  readonly name: string
  readonly configOperation: number
  readonly value: string | null
}

const [set, remove] = [0, 1]
/** By AlterConfigOp.OpType. */
const operationNames = ['SET', 'DELETE', 'APPEND', 'SUBTRACT']

export function alterLoggers(
  { resourceName, configs }: { readonly resourceName: string; readonly configs: readonly Change[] },
  validateOnly: boolean,
  context: RequestContext,
): Refusal | null {
  const { broker } = context
  if (!context.may('alter_configs', 'cluster', '')) return refuse(Errors.CLUSTER_AUTHORIZATION_FAILED, '')
  const id = nodeIdOf(resourceName)
  if (id === null) return refuse(Errors.INVALID_REQUEST, `Node id must be an integer, but it is: ${resourceName}`)
  if (id !== broker.nodeId) {
    return refuse(Errors.INVALID_REQUEST, `Unexpected node id. Expected ${broker.nodeId}, but received ${resourceName}`)
  }
  for (const change of configs) {
    const refusal = changeRefusal(change)
    if (refusal !== null) return refusal
  }
  if (validateOnly) return null
  const loggers = loggersOf(broker.log)
  for (const { name, configOperation, value } of configs) {
    loggers.set(name as LoggerName, configOperation === set ? (value as LogLevelName) : null)
  }
  return null
}

function changeRefusal({ name, configOperation, value }: Change): Refusal | null {
  if (configOperation !== set && configOperation !== remove) {
    const operation = operationNames[configOperation]
    const what = operation === undefined ? `Unknown operation type ${configOperation}` : `${operation} operation`
    return refuse(Errors.INVALID_REQUEST, `${what} is not allowed for the BROKER_LOGGER resource`)
  }
  if (!loggerNames.some(known => known === name)) return refuse(Errors.INVALID_CONFIG, `Logger ${name} does not exist!`)
  if (configOperation === set) {
    if (logLevelNames.some(level => level === value)) return null
    const valid = [...logLevelNames].sort().join(', ')
    const message = `Cannot set the log level of ${name} to ${value} as it is not a supported log level. Valid log levels are ${valid}`
    return refuse(Errors.INVALID_CONFIG, message)
  }
  if (name !== rootLogger) return null
  return refuse(Errors.INVALID_REQUEST, 'Removing the log level of the root logger is not allowed')
}
