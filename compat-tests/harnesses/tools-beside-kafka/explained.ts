/** The differences that are meant to be, each with its reason; whatever else differs is a fault. */
import { linesOnlyIn } from '../../lib/printed-text.js'
import type { ToolName } from '../../lib/tool-host.js'
import type { Command } from './command.js'

interface Explanation {
  readonly tools: readonly ToolName[]
  /** What is left out of what both print, where they differ. */
  readonly cuts: readonly RegExp[]
  /** Of these command lines only. */
  readonly of?: RegExp
  readonly why: string
}

const betweenNodes = [
  ...[
    'AllocateProducerIds',
    'AlterPartition',
    'AssignReplicasToDirs',
    'BeginQuorumEpoch',
    'BrokerHeartbeat',
    'BrokerRegistration',
  ],
  ...['ControllerRegistration', 'EndQuorumEpoch', 'Envelope', 'Fetch', 'FetchSnapshot', 'UpdateRaftVoter', 'Vote'],
]

const explanations: readonly Explanation[] = [
  {
    tools: ['kafka-topics', 'kafka-configs', 'kafka-dump-log'],
    cuts: [
      /^.*"name":"min\.insync\.replicas".*\n?/gm,
      /\bmin\.insync\.replicas=1,?(?! sensitive)/gm,
      /^ ?min\.insync\.replicas=1 sensitive.*\n?/gm,
      /^Topic: .* Configs: ?$\n?/gm,
    ],
    why: 'Kafka sets min.insync.replicas for all brokers when eligible leader replicas are on; here it is a default',
  },
  {
    tools: ['kafka-broker-api-versions', 'kafka-cluster'],
    cuts: [/^ (?:Share|\w*ShareGroup)\w*\(\d+\): .*\n?/gm],
    why: 'share groups are not there yet',
  },
  {
    tools: ['kafka-broker-api-versions', 'kafka-cluster'],
    cuts: [linesOf('GetTelemetrySubscriptions', 'PushTelemetry')],
    why: 'metrics of clients are taken, in Kafka only by a plug-in',
  },
  {
    tools: ['kafka-broker-api-versions', 'kafka-cluster'],
    cuts: [/(?<=: )\d+ (?:to \d+ )?(?=\[usable)/gm],
    why: 'versions that Kafka 4 dropped are served',
  },
  {
    tools: ['kafka-cluster'],
    cuts: [linesOf(...betweenNodes)],
    of: /--bootstrap-controller/,
    why: 'what brokers and controllers ask of each other is not served: there is one node',
  },
  {
    tools: ['kafka-dump-log'],
    cuts: [/(?<="PARTITION_RECORD","version":)\d/gm],
    why: 'a partition without eligible leader replicas is a record of version 1',
  },
  {
    tools: ['kafka-features'],
    cuts: [/^Feature: (?:eligible|kraft|share)\.[\w.]+ .*\n?/gm],
    why: 'eligible leader replicas, voters that change and share groups are not there',
  },
]

/** Of these APIs, as the tools show their versions. */
function linesOf(...apis: readonly string[]): RegExp {
  return new RegExp(`^ (?:${apis.join('|')})\\(\\d+\\): .*\\n?`, 'gm')
}

export interface Difference {
  /** null: none, or all explained. */
  readonly problem: string | null
  readonly reasons: readonly string[]
}

function without(cuts: readonly RegExp[], printed: string): string {
  return cuts.reduce((left, cut) => left.replaceAll(cut, ''), printed).trimEnd()
}

export function newExplanations() {
  const used = new Set<Explanation>()
  return {
    differenceOf({ tool, text }: Command, ofGregor: string, ofKafka: string): Difference {
      let [gregor, kafka] = [ofGregor, ofKafka]
      const reasons: string[] = []
      for (const explanation of explanations) {
        if (gregor === kafka || !explanation.tools.includes(tool) || !(explanation.of?.test(text) ?? true)) continue
        const [less, lessOfKafka] = [gregor, kafka].map(printed => without(explanation.cuts, printed))
        if (less === gregor && lessOfKafka === kafka) continue
        used.add(explanation)
        reasons.push(explanation.why)
        gregor = less!
        kafka = lessOfKafka!
      }
      if (gregor === kafka) return { problem: null, reasons }
      return { problem: `Gregor ${linesOnlyIn(gregor, kafka)}\n        Kafka  ${linesOnlyIn(kafka, gregor)}`, reasons }
    },
    unused: (): string[] => explanations.filter(one => !used.has(one)).map(({ why }) => why),
  }
}
