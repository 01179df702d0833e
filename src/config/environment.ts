/**
 * Reads the environment as Kafka's container images do, so that a compose file starts unchanged: apache/kafka, Confluent's and
 * bitnami's.
 */
import type { ConfigLayer } from './resolve.js'

export type Environment = Readonly<Record<string, string | undefined>>

// Variables of the images and their scripts that are not settings of the broker, and about which nobody needs a word.
const notSettings = new Set([
  'KAFKA_VERSION',
  'KAFKA_CLUSTER_ID',
  'KAFKA_KRAFT_CLUSTER_ID',
  'KAFKA_ENABLE_KRAFT',
  'KAFKA_HOME',
  'KAFKA_VOLUME_DIR',
  'KAFKA_SKIP_KRAFT_STORAGE_INIT',
  'KAFKA_INITIAL_CONTROLLERS',
  'KAFKA_HEAP_OPTS',
  'KAFKA_OPTS',
  'KAFKA_JMX_OPTS',
  'KAFKA_JMX_HOSTNAME',
  'KAFKA_JMX_PORT',
  'KAFKA_JVM_PERFORMANCE_OPTS',
  'KAFKA_GC_LOG_OPTS',
  'KAFKA_LOG4J_OPTS',
  'KAFKA_LOG4J_ROOT_LOGLEVEL',
  'KAFKA_LOG4J_LOGGERS',
  'KAFKA_TOOLS_LOG4J_LOGLEVEL',
])

/**
 * KAFKA_NUM_PARTITIONS is num.partitions: the mapping of the apache/kafka image, where ___ is a dash, __ an underscore and
 * _ a dot. KAFKA_CFG_NUM_PARTITIONS, as bitnami's image has it, is the same, with the listeners sasl_ssl and sasl_plaintext in
 * one piece. As in the first image, advertised listeners without listeners are listened for on every interface.
 */
export function environmentLayer(environment: Environment): ConfigLayer {
  const entries = new Map<string, { text: string; origin: string }>()
  for (const [variable, text] of Object.entries(environment)) {
    if (text === undefined || !variable.startsWith('KAFKA_') || notSettings.has(variable)) continue
    entries.set(keyOf(variable), { text, origin: variable })
  }
  const advertised = entries.get('advertised.listeners')
  if (advertised !== undefined && !entries.has('listeners')) {
    entries.set('listeners', { text: advertised.text.replaceAll(/:\/\/[^:]*:/g, '://0.0.0.0:'), origin: advertised.origin })
  }
  return { entries, unknown: 'in one line' }
}

function keyOf(variable: string): string {
  const name = variable
    .replace(/^KAFKA_(CFG_)?/, '')
    .toLowerCase()
    .replaceAll('_', '.')
    .replaceAll('...', '-')
    .replaceAll('..', '_')
  return variable.startsWith('KAFKA_CFG_') ? name.replaceAll(/sasl\.(ssl|plaintext)\b/g, 'sasl_$1') : name
}

/** The id that the image gives a new cluster: CLUSTER_ID, or bitnami's variables. */
export function clusterIdOf(environment: Environment): string | null {
  return environment.CLUSTER_ID || environment.KAFKA_CLUSTER_ID || environment.KAFKA_KRAFT_CLUSTER_ID || null
}
