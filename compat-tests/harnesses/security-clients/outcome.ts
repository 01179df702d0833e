/** What became of a login, and whether two brokers did the same to a client. */
import { withoutChance } from '../../lib/printed-text.js'

export interface Outcome {
  readonly outcome: 'done' | 'refused' | 'late' | 'nothing'
  readonly tookMs: number
  /** The client's own name for what it was told. */
  readonly error: string
  readonly connections: number
  /** From the end of a connection to the next one, on average. */
  readonly pauseMs: number
}

/** What a client says itself. */
export type Told = Omit<Outcome, 'connections' | 'pauseMs'>

const laterMsMax = 1_000

/** The lines that a client printed, by login. */
export function outcomesOf(stdout: string): Map<string, Told> {
  const outcomes = new Map<string, Told>()
  for (const line of stdout.split('\n')) {
    const [id, outcome, tookMs, error = ''] = line.split('\t')
    if (id === undefined || outcome === undefined) continue
    outcomes.set(id, { outcome: outcome as 'done', tookMs: Number(tookMs), error: withoutChance(error) })
  }
  return outcomes
}

export interface Comparison {
  /** null when the client fared the same at least once. */
  readonly difference: string | null
  /** Before Gregor. */
  readonly last: Outcome
  add(gregor: Outcome, kafka: Outcome): void
}

/** Of one login, tried several times. */
export function newComparison(): Comparison {
  const ofGregor: Outcome[] = []
  const ofKafka: Outcome[] = []
  return {
    get difference() {
      const differences = ofGregor.flatMap(gregor => ofKafka.map(kafka => differenceOf(gregor, kafka)))
      return differences.includes(null) ? null : (differences.at(-1) ?? 'not tried')
    },
    get last() {
      return ofGregor.at(-1)!
    },
    add: (gregor, kafka) => {
      ofGregor.push(gregor)
      ofKafka.push(kafka)
    },
  }
}

/** null: no client would notice a difference. */
export function differenceOf(gregor: Outcome, kafka: Outcome): string | null {
  if (kafka.outcome === 'done') return 'before Kafka this client is let in'
  const differences: string[] = []
  const compare = (what: string, of: (outcome: Outcome) => string | number) => {
    if (of(gregor) !== of(kafka)) differences.push(`${what}: Gregor ${of(gregor)} · Kafka ${of(kafka)}`)
  }
  compare('outcome', ({ outcome }) => outcome)
  compare('error', ({ error }) => error)
  if (!connectsAsBefore(gregor, kafka))
    compare('connections', ({ connections, pauseMs }) => `${connections}, ${pauseMs} ms apart`)
  if (gregor.tookMs > kafka.tookMs + laterMsMax) compare('milliseconds', ({ tookMs }) => tookMs)
  return differences.length === 0 ? null : differences.join('; ')
}

/**
 * Who tries for ever does so with chance in its pauses, and the sooner it is refused the more often: Kafka looks only every
 * 300 ms whether the time to tell a refusal has come. What must be the same are the pauses.
 */
function connectsAsBefore(gregor: Outcome, kafka: Outcome): boolean {
  const [few, many] = [Math.min(gregor.connections, kafka.connections), Math.max(gregor.connections, kafka.connections)]
  if (few === many) return true
  if (few < 3) return false
  return many - few <= Math.max(1, few / 5) || gregor.pauseMs >= 0.7 * kafka.pauseMs - 20
}
