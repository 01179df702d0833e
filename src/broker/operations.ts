/** Operations that a type of resource knows, and sets of them as Kafka tells them (KIP-430): bit n is operation n. */
import { type Operation, operations, type ResourceType } from '../security/acl/acl.js'

/** "Not asked for." */
export const operationsNotAsked = -0x8000_0000

export const operationsOf: Readonly<Record<ResourceType, readonly Operation[]>> = {
  topic: ['read', 'write', 'create', 'delete', 'alter', 'describe', 'describe_configs', 'alter_configs'],
  group: ['read', 'describe', 'delete', 'describe_configs', 'alter_configs'],
  cluster: ['create', 'cluster_action', 'describe_configs', 'alter_configs', 'idempotent_write', 'alter', 'describe'],
  transactional_id: ['write', 'describe', 'two_phase_commit'],
  delegation_token: ['describe'],
  user: ['create_tokens', 'describe_tokens'],
}

export function operationBits(set: readonly Operation[]): number {
  return set.reduce((bits, operation) => bits | (1 << operations[operation]), 0)
}

const all = new Map(Object.entries(operationsOf).map(([type, set]) => [type, operationBits(set)]))

/** What everyone may do where there is no authorizer. */
export function allOperations(type: ResourceType): number {
  return all.get(type) as number
}
