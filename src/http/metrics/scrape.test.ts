/** GET /metrics as Prometheus asks for it. */
import { describe, expect, it } from 'vitest'
import { TestClient } from '../../broker/test-client.test-support.js'
import { OffsetCommit } from '../../protocol/messages/offset-commit.js'
import { httpBroker } from '../http.test-support.js'
import { readingOf, seriesOf } from './metrics.test-support.js'
import { familyGroups } from './table.js'

describe('a scrape', () => {
  it('is answered in the text format, every series under the name and type of its family', async () => {
    await using broker = await httpBroker({ config: { 'gregor.http.metrics.redpanda': 'true' } })
    const { status, headers, text } = await broker.ask('/metrics')
    expect([status, headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
    expect(text.endsWith('\n')).toBe(true)
    const families = familyGroups.flatMap(group => group.families)
    expect(new Set(families.map(({ name }) => name)).size).toBe(families.length)
    let family = families[0]!
    for (const line of text.trimEnd().split('\n')) {
      const [, kind, name, said] = /^# (HELP|TYPE) (\w+) (.+)$/.exec(line) ?? []
      if (kind === 'HELP') family = families.find(one => one.name === name)!
      else if (kind === 'TYPE') expect([name, said]).toEqual([family.name, family.type])
      else {
        const [, series, labels = ''] = /^(\w+)(?:\{(.*)\})? -?[\d.e+-]+$/.exec(line) ?? []
        expect(series?.replace(/_(bucket|sum|count)$/, ''), line).toBe(family.name.replace(/_(bucket|sum|count)$/, ''))
        const named = Array.from(labels.matchAll(/(\w+)="/g), ([, label]) => label).filter(label => label !== 'le')
        expect(named.length === 0 || named.join() === family.labels.join(), line).toBe(true)
      }
    }
  })

  it('shows no more series of a family than it may, and says how many it left out', async () => {
    await using broker = await httpBroker({ config: { 'gregor.http.metrics.series.max': '150' } })
    await broker.json('/api/v1/topics', { body: { name: 't', partitions: 400 } })
    const { text } = await broker.ask('/metrics')
    expect(seriesOf(text, 'kafka_topic_partition_current_offset')).toHaveLength(150)
    expect(readingOf(text, 'gregor_metrics_series_left_out', { family: 'kafka_topic_partition_current_offset' })).toBe(250)
    expect(readingOf(text, 'kafka_topic_partitions', { topic: 't' })).toBe(400)
  })

  it('writes names that would break the format as the format says', async () => {
    await using broker = await httpBroker()
    const client = await TestClient.connect(broker.broker.listeners[0]?.port as number)
    await client.createTopic('t')
    const groupId = 'a"b\\c\n<script>'
    const position = { partitionIndex: 0, committedOffset: 5, committedMetadata: '' }
    await client.call(OffsetCommit, 8, { groupId, topics: [{ name: 't', partitions: [position] }] })
    const { text } = await broker.ask('/metrics')
    expect(text).toContain(
      'kafka_consumergroup_current_offset{consumergroup="a\\"b\\\\c\\n<script>",topic="t",partition="0"} 5\n',
    )
    client.close()
  })

  it('is for who may describe the cluster', async () => {
    await using broker = await httpBroker({
      config: {
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'super.users': 'User:admin',
        'connection.failed.authentication.delay.ms': '0',
      },
      addScram: ['SCRAM-SHA-256=[name=admin,password=admin-secret]', 'SCRAM-SHA-256=[name=scraper,password=scraper-secret]'],
    })
    const as = (name: string) => ({
      headers: { authorization: `Basic ${Buffer.from(`${name}:${name}-secret`).toString('base64')}` },
    })
    expect((await broker.ask('/metrics')).status).toBe(401)
    const refused = await broker.ask('/metrics', as('scraper'))
    expect([refused.status, refused.json]).toMatchObject([403, { error: { type: 'CLUSTER_AUTHORIZATION_FAILED' } }])
    const acl = {
      resourceType: 'cluster',
      resourceName: 'kafka-cluster',
      principal: 'User:scraper',
      operation: 'describe',
    }
    await broker.ask('/api/v1/acls', { ...as('admin'), body: acl })
    expect((await broker.ask('/metrics', as('scraper'))).status).toBe(200)
  })

  it('is shared by who scrapes at the same time, and refused to too many', async () => {
    await using broker = await httpBroker()
    const answers = await Promise.all(Array.from({ length: 12 }, () => broker.ask('/metrics')))
    const good = answers.filter(({ status }) => status === 200)
    // Of one moment: the processor's time rises from scrape to scrape.
    expect(new Set(good.map(({ text }) => readingOf(text, 'process_cpu_seconds_total'))).size).toBeLessThan(good.length)
    expect(answers.filter(({ status }) => status === 429).length).toBe(answers.length - good.length)
    // Nothing is left of them.
    for (let n = 0; n < 20; n++) expect((await broker.ask('/metrics')).status).toBe(200)
    for (let n = 0; n < 20; n++) expect((await broker.ask('/metrics', { method: 'HEAD' })).status).toBe(200)
  })
})
