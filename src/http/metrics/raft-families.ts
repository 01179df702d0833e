/** The figures of Raft, as Kafka's controller shows them. */
import { type FamilyGroup, oneCounter, oneGauge } from './family.js'

/** There is no other node to speak to. */
const never = () => 0

const channelTotals: readonly (readonly [name: string, help: string])[] = [
  ['connection_creation', 'Connections to other voters that were opened.'],
  ['connection_close', 'Connections to other voters that were closed.'],
  ['incoming_byte', 'Bytes from other voters.'],
  ['outgoing_byte', 'Bytes to other voters.'],
  ['network_io', 'Reads and writes on connections to other voters.'],
  ['request', 'Requests to other voters.'],
  ['response', 'Answers of other voters.'],
]

export const raftFamilies: FamilyGroup = {
  title: 'Kafka: Raft',
  about:
    'kafka.server:type=raft-metrics and raft-channel-metrics. This broker leads the log of the metadata as its only voter, and ' +
    'speaks to no other. Rates and means are of the time since the scrape before, where Kafka takes the last 30 seconds.',
  families: [
    {
      name: 'kafka_server_raftmetrics_current_state',
      type: 'untyped',
      labels: ['current_state'],
      help: 'Role in the quorum.',
      read: () => [{ labels: { current_state: 'leader' }, value: 1 }],
    },
    oneGauge('kafka_server_raftmetrics_current_leader', 'Id of the leader.', ({ broker }) => broker.services.nodeId),
    oneGauge('kafka_server_raftmetrics_current_vote', 'For whom it voted.', ({ broker }) => broker.services.nodeId),
    oneGauge(
      'kafka_server_raftmetrics_current_epoch',
      'Epoch of the leader.',
      ({ broker }) => broker.services.metadataLog.leaderEpoch,
    ),
    oneGauge(
      'kafka_server_raftmetrics_high_watermark',
      'Offset behind the last durable record.',
      ({ broker }) => broker.services.metadataLog.highWatermark,
    ),
    oneGauge(
      'kafka_server_raftmetrics_log_end_offset',
      'Offset behind the last record.',
      ({ broker }) => broker.services.metadataLog.endOffset,
    ),
    oneGauge(
      'kafka_server_raftmetrics_log_end_epoch',
      'Epoch of the last record.',
      ({ broker }) => broker.services.metadataLog.leaderEpoch,
    ),
    oneGauge('kafka_server_raftmetrics_number_of_voters', 'Voters.', () => 1),
    oneGauge('kafka_server_raftmetrics_number_of_observers', 'Observers.', never),
    oneGauge('kafka_server_raftmetrics_number_unknown_voter_connections', 'Voters whose address is not known.', never),
    oneGauge('kafka_server_raftmetrics_uncommitted_voter_change', '1 while voters change.', never),
    oneGauge(
      'kafka_server_raftmetrics_append_records_rate',
      'Records of metadata a second.',
      ({ quorum }) => quorum.recordsPerSecond,
    ),
    oneGauge('kafka_server_raftmetrics_fetch_records_rate', 'Records of metadata a second that others sent.', never),
    oneGauge(
      'kafka_server_raftmetrics_commit_latency_avg',
      'Until records of metadata were durable, in milliseconds.',
      ({ quorum }) => quorum.commitMsMean,
    ),
    oneCounter(
      'kafka_server_raftmetrics_commit_latency_max_total',
      'The longest that records of metadata took to be durable, in milliseconds.',
      ({ quorum }) => quorum.commitMsMax,
    ),
    oneGauge('kafka_server_raftchannelmetrics_connection_count', 'Connections to other voters.', never),
    ...channelTotals.flatMap(([name, help]) => [
      oneCounter(`kafka_server_raftchannelmetrics_${name}_total`, help, never),
      oneGauge(`kafka_server_raftchannelmetrics_${name}_rate`, `${help.slice(0, -1)}, a second.`, never),
    ]),
  ],
}
