import type { ErrorCode } from '../../protocol/errors.js'
import { Errors } from '../../protocol/errors.js'
import { ApiVersions } from '../../protocol/messages/api-versions.js'
import type { ResponseOf } from '../../protocol/schema.js'
import { handler } from '../handler.js'
import type { Broker } from '../services.js'

// ApiVersions v0-5: says what this broker implements, straight from the table of handlers. Of the features,
// metadata.version: those that switch a protocol on (transaction.version, group.version, …) are not there.
export const apiVersions = handler(ApiVersions, (request, { broker, session, version }) => {
  const { clientSoftwareName, clientSoftwareVersion } = request
  if (version >= 3) {
    if (!(isSoftwareText(clientSoftwareName) && isSoftwareText(clientSoftwareVersion))) {
      return ApiVersions.failure(request, Errors.INVALID_REQUEST, version)
    }
    session.clientSoftwareName = clientSoftwareName
    session.clientSoftwareVersion = clientSoftwareVersion
  }
  // [KIP-1242] A client names cluster and node, or neither. If another broker has taken over the address, the client restarts
  // from its bootstrap servers.
  const { clusterId, nodeId } = request
  if ((clusterId === null) !== (nodeId === -1)) return ApiVersions.failure(request, Errors.INVALID_REQUEST, version)
  if (clusterId !== null && (clusterId !== broker.clusterId || nodeId !== broker.nodeId)) {
    return ApiVersions.failure(request, Errors.REBOOTSTRAP_REQUIRED, version)
  }
  return apiVersionsAnswer(broker, Errors.NONE)
})

/** The full list, with an error code beside it where the version asked for is not one of ours. */
export function apiVersionsAnswer(broker: Broker, errorCode: ErrorCode): ResponseOf<typeof ApiVersions> {
  const finalizedFeaturesEpoch = broker.metadataEndOffset()
  return { errorCode, apiKeys: broker.apiKeys, supportedFeatures, finalizedFeaturesEpoch, finalizedFeatures }
}

/** Of metadata.version (KIP-778) in Kafka 4.4: 3.3-IV3 to 4.4-IV2. */
const levels = { min: 7, max: 33 }
const supportedFeatures = [{ name: 'metadata.version', minVersion: levels.min, maxVersion: levels.max }]
const finalizedFeatures = [{ name: 'metadata.version', minVersionLevel: levels.max, maxVersionLevel: levels.max }]

// [KIP-511]
const softwareText = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/
function isSoftwareText(text: string): boolean {
  return softwareText.test(text)
}
