/**
 * Authorised operations as bit sets (KIP-430). Without an authorizer everything is allowed, and Kafka says so with
 * every operation that the resource knows. Bit numbers are those of AclOperation.
 */
const [read, write, create, remove, alter, describe, clusterAction, describeConfigs, alterConfigs, idempotentWrite] = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
]

function bits(...operations: readonly (number | undefined)[]): number {
  return operations.reduce<number>((set, operation) => set | (1 << (operation ?? 0)), 0)
}

/** "Not asked for." */
export const operationsNotAsked = -0x8000_0000
export const topicOperations = bits(read, write, create, remove, alter, describe, describeConfigs, alterConfigs)
export const groupOperations = bits(read, describe, remove, describeConfigs, alterConfigs)
export const clusterOperations = bits(create, clusterAction, describeConfigs, alterConfigs, idempotentWrite, alter, describe)
