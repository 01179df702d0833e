/** What the originals show and Gregor does not, with the reason; what is missing beyond it is a fault, and so is a stale line. */
import type { Explanation } from './names.js'

export const explanations: readonly Explanation[] = [
  { names: /^(go|promhttp|jmx|kafka_exporter)_/, why: 'of the exporter itself' },
  { names: /^process_/, why: 'of the process of kafka_exporter; what clients send is in `kafka_server_socket_server_metrics_…`' },
  { names: /^jvm_/, why: 'of the JVM; Node has nothing like it' },
  { names: /_(failed|total)?share|_share/, why: 'share groups are not served' },
  { names: /^kafka_log_log_retentionsizein/, why: 'the rules make names of topics a part of its labels’ names' },
  {
    names: /^kafka_log_logcleaner|^kafka_utils_throttler_cleaner/,
    why: 'of threads of the cleaner and their buffers; here logs are compacted between requests',
  },
  { names: /^kafka_log_logflushstats/, why: 'syncs are in the remote time of Produce' },
  {
    names: /^kafka_controller_controllereventmanager|_eventqueueoperations|^kafka_network_(acceptor|requestchannel)/,
    why: 'of queues between threads; here there is one event loop, `nodejs_eventloop_…`',
  },
  {
    names: /requesthandleravgidlepercent_count|_(broker|controller)requesthandleravgidle_|_poll_idle_ratio|_avgidleratio/,
    why: 'there is one event loop: `kafka_server_kafkarequesthandlerpool_requesthandleravgidle_percent` is how idle that is',
  },
  {
    names:
      /^kafka_server_raftchannelmetrics_(io|select|request_size|(failed|successful)?_?re?authentication)|^kafka_server_raft.*authent/,
    why: 'of connections to other controllers; there are none',
  },
  {
    names: /brokerheartbeat|_timesincelastheartbeat|ignored_?static_?voters|_election_latency/,
    why: 'of nodes that are not alone',
  },
  {
    names: /^kafka_server_(brokermetadatalistener|metadataloader|snapshotemitter|assignmentsmanager)/,
    why: 'metadata holds as soon as it is written; there is nobody to be sent it, and no snapshots',
  },
  { names: /last_?applied_?record_?timestamp/, why: 'offsets of the metadata are shown, not their time' },
  { names: /^kafka_server_addpartitionstotxnmanager/, why: 'a transaction is verified in the same process, at once' },
  { names: /yammer_metrics_count/, why: 'of Kafka’s library of metrics' },
  {
    names:
      /_(fetch|produce)messageconversions|_messageconversions|_temporarymemory|_invalid(magic|message|offset)|_nokeycompacted/,
    why: 'not counted; what fails so is an error of Produce',
  },
  {
    names: /^kafka_server_delayed(fetch|produce)metrics|fetchsessionevictions|_partitionswithlatetransactions/,
    why: 'not counted',
  },
  { names: /^kafka_network_requestmetrics_errors/, why: 'not counted by code; `gregor_requests_failed_total`' },
  {
    names: /_(requestbytes|request_size_)/,
    why: 'sizes of single requests are not measured; `gregor_request_bytes_total` and `…_requests_total`',
  },
  { names: /_responsequeuetimems/, why: 'an answer waits for nobody but the socket: `…_responsesendtimems`' },
  { names: /_throttletimems/, why: 'clients measure it, and are told it in every answer' },
  {
    names: /^kafka_server_socket_server_metrics_(io|select|network_io)_/,
    why: 'of Java’s selectors; `nodejs_eventloop_…`',
  },
  {
    names: /^kafka_server_socket_server_metrics_.*authentication/,
    why: 'logins are not counted',
  },
  { names: /expired_?connections_?killed/, why: 'not counted' },
  { names: /^kafka_server_socket_server_metrics_.*_rate$/, why: '`rate()` of the totals' },
  { names: /^kafka_server_socket_server_metrics_response_total/, why: 'requests are counted' },
  { names: /_memorypool/, why: 'requests that wait have no pool; `queued.max.request.bytes` bounds them' },
]

/** Queries of Redpanda's that no series answers. */
export const unansweredQueries: readonly { readonly expression: RegExp; readonly why: string }[] = [
  { expression: /under_replicated_replicas.*!=0/, why: 'no series when all is well: partitions that are under-replicated' },
  { expression: /records_fetched/, why: 'of records that consumers are sent, the bytes are counted' },
]
