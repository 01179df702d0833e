import { Errors } from '../../protocol/errors.js'
import { StreamsGroupTopologyDescriptionUpdate } from '../../protocol/messages/streams-group-topology-description-update.js'
import { isGroupProtocolEnabled } from '../group-protocols.js'
import { handler } from '../handler.js'

// StreamsGroupTopologyDescriptionUpdate v0 (KIP-1331): Kafka keeps descriptions in a plugin, and asks no client for one without
// it. This broker has none, and answers as such a Kafka.
export const streamsGroupTopologyDescriptionUpdate = handler(StreamsGroupTopologyDescriptionUpdate, (request, context) => {
  const { broker } = context
  if (!isGroupProtocolEnabled(broker, 'streams')) {
    return { errorCode: Errors.UNSUPPORTED_VERSION }
  }
  if (!context.may('read', 'group', request.groupId)) return { errorCode: Errors.GROUP_AUTHORIZATION_FAILED }
  const errorMessage = 'The broker has no streams group topology description plugin configured.'
  return { errorCode: Errors.UNSUPPORTED_VERSION, errorMessage }
})
