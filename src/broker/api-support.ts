import { handlers } from './table.js'

/** docs/api-support.md, printed from the table of handlers. */
export function apiSupportMarkdown(): string {
  const rows = handlers.map(({ api: { key, name, versions, flexible } }) => {
    const isFlexible = flexible.min <= versions.max && flexible.max >= flexible.min
    return `| ${key} | ${name} | ${range(versions.min, versions.max)} | ${isFlexible ? `${flexible.min}+` : '–'} | ${notes[name] ?? ''} |`
  })
  return `# APIs

What this broker implements, and nothing else, is what ApiVersions advertises. The newest version of each is that of Apache
Kafka 4.2. A request for another API or version closes the connection, as in Kafka; only ApiVersions answers a version that
it does not know.

| key | API | versions | flexible from | what is left out |
|---|---|---|---|---|
${rows.join('\n')}

Produce 0–2 and Fetch 0–3 carry the message formats before v2, which Kafka 4 dropped: what old clients produce is stored as v2,
what they fetch is converted for them.

Not there yet, and therefore not advertised: transactions (24–28, 61, 65, 66), changing configs (33, 44), SASL (17, 36),
ACLs (29–31), quotas (48, 49), the consumer, share and streams group protocols (68, 69, 76–79, 88–92), log
directories (34, 35) and reassignments (43, 45, 46).

This page is printed by \`npm run docs\`; a test compares it with the code.
`
}

const range = (min: number, max: number): string => (min === max ? `${min}` : `${min}–${max}`)

const notes: Readonly<Record<string, string>> = {
  Produce: 'transactional ids are refused',
  Fetch: 'data is local, so nothing is tiered and no replica is preferred; versions 0–3 give at most 16 MiB an answer',
  ListOffsets: '-5 and -6 find nothing: no tiered storage',
  FindCoordinator: 'key types 1 and 2 (transactions, share groups) are refused',
  InitProducerId: 'transactional ids are refused',
  DescribeConfigs: 'resources: topics and brokers',
  DescribeGroups: 'classic groups',
  ListGroups: 'classic groups',
}
