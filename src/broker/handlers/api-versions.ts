import { supportedFeatures } from '../../cluster/features.js'
import type { ClusterImage } from '../../cluster/image.js'
import type { ErrorCode } from '../../protocol/errors.js'
import { Errors } from '../../protocol/errors.js'
import { ApiVersions } from '../../protocol/messages/api-versions.js'
import type { ResponseOf } from '../../protocol/schema.js'
import { handler } from '../handler.js'
import type { Broker } from '../services.js'

// ApiVersions v0-5: says what this broker implements, straight from the table of handlers, and the features that it knows.
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
  session.authentication?.greeted()
  return apiVersionsAnswer(broker, version, Errors.NONE)
})

/** The full list, with an error code beside it where the version asked for is not one of ours. */
export function apiVersionsAnswer(broker: Broker, version: number, errorCode: ErrorCode): ResponseOf<typeof ApiVersions> {
  return {
    errorCode,
    apiKeys: broker.apiKeys,
    supportedFeatures: version >= 4 ? supported : supportedByOldClients,
    finalizedFeaturesEpoch: broker.metadataLog.endOffset,
    finalizedFeatures: finalizedFeatures(broker.topics.image),
  }
}

const supported = supportedFeatures.map(({ name, min, max }) => ({ name, minVersion: min, maxVersion: max }))
/** [KAFKA-17492] Clients of v3 fail at a feature that may be of level 0. */
const supportedByOldClients = supported.filter(({ minVersion }) => minVersion > 0)

/** A directory that Kafka wrote has levels of what is not served here; they are not told. */
function finalizedFeatures({ features }: ClusterImage) {
  return supportedFeatures.flatMap(({ name }) => {
    const level = features.get(name)
    return level === undefined ? [] : [{ name, minVersionLevel: level, maxVersionLevel: level }]
  })
}

// [KIP-511]
const softwareText = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/
function isSoftwareText(text: string): boolean {
  return softwareText.test(text)
}
