// Sends the same transcripts to Apache Kafka and to Gregor and compares the answers field by field.
// node oracle.mjs --kafka HOST:PORT --gregor HOST:PORT --messages DIR [--only REGEX] [--versions newest|all|oldest]
//                 [--secured-kafka HOST:PORT,HOST:SASL-PORT --secured-gregor HOST:PORT,HOST:SASL-PORT]
//                 [--mutations N] [--seed S] [--out FILE.json] [--section FILE.md]
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Connection } from './lib/client.mjs'
import { differences, show } from './lib/compare.mjs'
import { eachFieldTranscripts } from './lib/each-field.mjs'
import { loadMessages } from './lib/messages.mjs'
import { mutationTranscripts } from './lib/mutations.mjs'
import { section } from './lib/section.mjs'
import { Session } from './lib/session.mjs'
import { transcripts as written } from './transcripts/all.mjs'
import { verdictOf } from './verdicts.mjs'

const { values: options } = parseArgs({
  options: {
    kafka: { type: 'string' },
    gregor: { type: 'string' },
    'secured-kafka': { type: 'string' },
    'secured-gregor': { type: 'string' },
    messages: { type: 'string' },
    only: { type: 'string', default: '' },
    versions: { type: 'string', default: 'all' },
    mutations: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string' },
    section: { type: 'string' },
    verbose: { type: 'boolean', default: false },
    all: { type: 'boolean', default: false },
  },
})

const apis = loadMessages(options.messages)
const served = async address => {
  const connection = await Connection.open(address)
  const answer = await connection.call(apis.get('ApiVersions'), 3, { clientSoftwareName: 'oracle', clientSoftwareVersion: '1' })
  connection.close()
  return new Map(answer.body.apiKeys.map(x => [x.apiKey, [x.minVersion, x.maxVersion]]))
}
const [kafkaApis, gregorApis] = [await served(options.kafka), await served(options.gregor)]
const shared = new Map()
for (const api of apis.values()) {
  const a = kafkaApis.get(api.key)
  const b = gregorApis.get(api.key)
  // Kafka 4 advertises Produce 0-2 for an old librdkafka's sake, but serves only what its definitions call valid.
  const [first, last] = api.request.valid
  if (a !== undefined && b !== undefined) shared.set(api.name, [Math.max(a[0], b[0], first), Math.min(a[1], b[1], last)])
}

// For --versions oldest: what Kafka 4 dropped, to be compared with a Kafka 3.9 and its message definitions.
const oldest = new Map(
  Object.entries({
    Produce: 2,
    Fetch: 3,
    ListOffsets: 0,
    OffsetCommit: 1,
    OffsetFetch: 0,
    CreateTopics: 1,
    DeleteTopics: 0,
    OffsetForLeaderEpoch: 1,
    DescribeConfigs: 0,
  }),
)

const transcripts = [
  ...written,
  ...eachFieldTranscripts(apis),
  ...mutationTranscripts(apis, shared, Number(options.mutations), options.seed),
]

const nonce = `o${(Date.now() % 0xffffff).toString(36)}`
const start = Date.now() - 60_000
const only = new RegExp(options.only)
const counts = new Map()
const found = []

for (const transcript of transcripts) {
  if (!only.test(transcript.name)) continue
  if (transcript.isLong && options.versions === 'newest') continue
  if (transcript.isSecured && options['secured-kafka'] === undefined) continue
  const range = shared.get(transcript.api)
  if (transcript.api !== undefined && range === undefined) continue
  const named = transcript.versions ?? range ?? []
  const [first, last] =
    transcript.api === undefined || transcript.once
      ? [undefined, undefined]
      : [Math.max(named[0], range[0]), Math.min(named[1], range[1])]
  const from = options.versions === 'newest' && !transcript.everyVersion ? last : first
  const to = options.versions === 'oldest' ? Math.min(last, oldest.get(transcript.api) ?? -1) : last
  for (let version = from; version === undefined || version <= to; version++) {
    await compare(transcript, version)
    if (version === undefined) break
  }
}

// A new difference counts when it comes again: brokers on a busy machine answer some things in another order.
async function compare(transcript, version) {
  for (let attempt = 1; ; attempt++) {
    const shown = attempt === 1 ? nonce : `${nonce}${attempt}`
    const brokers = transcript.isSecured ? [options['secured-kafka'], options['secured-gregor']] : [options.kafka, options.gregor]
    const sessions = brokers.map(addresses => {
      const [address, saslAddress] = addresses.split(',')
      return new Session({ address, saslAddress, apis, shared, transcript, version, nonce: shown, start, attempt })
    })
    const failures = await Promise.all(
      sessions.map(session =>
        transcript.run(session).then(
          () => undefined,
          error => error.stack ?? String(error),
        ),
      ),
    )
    const judged = judge(transcript, version, sessions, failures)
    for (const session of sessions) session.close()
    const hasNews = judged.broken.length > 0 || judged.cases.some(one => one.differences.some(isNews))
    if (hasNews && attempt < 3) continue
    record(judged)
    return
  }
}

function isNews(one) {
  return one.kind !== 'text' && one.verdict === undefined
}

function judge(transcript, version, [kafka, gregor], failures) {
  const title = `${transcript.name}${version === undefined ? '' : ` v${version}`}`
  const broken = []
  const cases = []
  const fail = (label, path, atKafka, atGregor) =>
    broken.push({ title, api: transcript.api ?? '-', label, path, kafka: atKafka, gregor: atGregor, kind: 'broken' })
  if (failures[0] !== undefined || failures[1] !== undefined) {
    fail('the transcript itself', '(threw)', failures[0] ?? 'ran', failures[1] ?? 'ran')
  } else if (kafka.cases.length !== gregor.cases.length) {
    fail('number of answers', 'length', kafka.cases.length, gregor.cases.length)
  }
  for (let i = 0; i < Math.min(kafka.cases.length, gregor.cases.length); i++) {
    const [a, b] = [kafka.cases[i], gregor.cases[i]]
    const normals = [kafka.normal(a.answer, a.view), gregor.normal(b.answer, b.view)]
    const { api, label, request } = a
    if (options.verbose) {
      console.log(`${title} ${api} v${a.version} ${label}\n  ${show(request)}\n  K ${show(normals[0])}\n  G ${show(normals[1])}`)
    }
    const list = differences(normals[0], normals[1])
    const judged = list.map(one => ({ title, api, version: a.version, label, at: i, request, normals, ...one }))
    for (const one of judged) {
      if (transcript.wordsCount) one.kind = 'value'
      one.verdict = verdictOf(one)
    }
    cases.push({ api, differences: judged })
  }
  return { broken, cases }
}

function record({ broken, cases }) {
  found.push(...broken)
  for (const { api, differences: list } of cases) {
    const count = counts.get(api) ?? { cases: 0, equal: 0, text: 0, accepted: 0, known: 0, different: 0 }
    counts.set(api, count)
    count.cases++
    if (list.length === 0) count.equal++
    else if (list.every(one => one.kind === 'text')) count.text++
    else if (list.some(isNews)) count.different++
    else if (list.some(one => one.verdict?.fault !== undefined)) count.known++
    else count.accepted++
    found.push(...list)
  }
}

// One entry per case and set of differences, over all versions in which it looks the same.
const plain = text =>
  String(text)
    .replaceAll(new RegExp(`${nonce}[23]?`, 'g'), '')
    .replace(/-[a-z-]+-v\d+-/g, '~')
    .replace(/x{20,}/g, 'xx…')
function entries(kinds, choose) {
  const cases = new Map()
  for (const one of found) {
    if (!kinds.includes(one.kind) || !choose(one)) continue
    const key = `${one.title} | ${one.api} | ${one.label} | ${one.at}`
    const entry = cases.get(key) ?? { example: one, lines: [] }
    entry.lines.push(
      plain(
        `${one.path}: Kafka ${show(one.kafka)?.slice(0, 400)}, Gregor ${show(one.gregor)?.slice(0, 400)}${one.verdict === undefined ? '' : ` (${one.verdict.why})`}`,
      ),
    )
    cases.set(key, entry)
  }
  const merged = new Map()
  for (const { example, lines } of cases.values()) {
    const key = [example.api, example.label.replace(/^m\d+ /, 'm '), ...lines].join('\n')
    const entry = merged.get(key) ?? { example, lines, versions: new Set(), count: 0 }
    entry.versions.add(example.version)
    entry.count++
    merged.set(key, entry)
  }
  return [...merged.values()]
}
const part = (title, kinds, choose, brief) => {
  const list = entries(kinds, choose)
  console.log(`\n## ${title} (${list.length})`)
  for (const { example, lines, versions, count } of list) {
    const span = [...versions].filter(v => v !== undefined).sort((a, b) => a - b)
    console.log(
      `- ${example.api} v${span.length < 2 ? span.join('') : `${span[0]}-${span.at(-1)}`} ×${count} [${example.title}: ${example.label.slice(0, 100)}]`,
    )
    if (example.request !== undefined && !brief) console.log(`    > ${plain(show(example.request)?.slice(0, 600))}`)
    for (const line of lines.slice(0, 6)) console.log(`    ${line}`)
    if (lines.length > 6) console.log(`    … ${lines.length - 6} more`)
  }
}
part('broken transcripts', ['broken'], () => true)
part('differences', ['value'], one => one.verdict === undefined)
if (options.all) {
  part('accepted differences', ['value'], one => one.verdict !== undefined, true)
  part('error messages with other words', ['text'], () => true, true)
}

console.log(
  '\n| API | cases | equal | only other words | accepted | known difference | new difference |\n|---|---|---|---|---|---|---|',
)
const total = { cases: 0, equal: 0, text: 0, accepted: 0, known: 0, different: 0 }
for (const [api, c] of [...counts].sort()) {
  console.log(`| ${api} | ${c.cases} | ${c.equal} | ${c.text} | ${c.accepted} | ${c.known} | ${c.different} |`)
  for (const key of Object.keys(total)) total[key] += c[key]
}
console.log(`| all | ${total.cases} | ${total.equal} | ${total.text} | ${total.accepted} | ${total.known} | ${total.different} |`)
if (options.out !== undefined) {
  const lines = found.map(({ title, api, version, label, path, kafka, gregor, kind, verdict }) =>
    JSON.stringify({ title, api, version, label, path, kafka: show(kafka), gregor: show(gregor), kind, verdict }),
  )
  writeFileSync(options.out, `${JSON.stringify(Object.fromEntries(counts))}\n${lines.join('\n')}\n`)
}
if (options.section !== undefined) writeFileSync(options.section, section(counts, total))
process.exit(found.some(one => one.kind === 'broken' || isNews(one)) ? 1 : 0)
