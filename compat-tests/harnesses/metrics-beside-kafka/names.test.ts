import { expect, test } from 'vitest'
import { nameFacts, parseExposition, sumOf } from './exposition.js'
import { differences, explanationOf, recordedNames } from './names.js'
import { filledIn, recordedDashboards } from './queries.js'

const scraped = (...lines: string[]) => parseExposition(lines.join('\n'))

test('a scrape is read with its types, labels and escapes', () => {
  const exposition = scraped(
    '# HELP a_total Some help.',
    '# TYPE a_total counter',
    'a_total{topic="say \\"x,y\\"",partition="0"} 3',
    'a_total{topic="b",partition="1"} 4 1700000000000',
    'a_total 7',
    '# TYPE h histogram',
    'h_bucket{le="+Inf"} +Inf',
  )
  expect(sumOf(exposition, 'a_total', { topic: 'say "x,y"' })).toBe(3)
  expect(sumOf(exposition, 'a_total')).toBe(14)
  expect(sumOf(exposition, 'nothing')).toBeNull()
  expect(sumOf(exposition, 'h_bucket')).toBe(Number.POSITIVE_INFINITY)
  expect(nameFacts(exposition)).toEqual([
    { name: 'a_total', type: 'counter', labels: '' },
    { name: 'a_total', type: 'counter', labels: 'partition,topic' },
    { name: 'h_bucket', type: 'histogram', labels: 'le' },
  ])
})

test('a name that is missing, another type and other labels are differences; names of one’s own are none', () => {
  const theirs = nameFacts(scraped('# TYPE a gauge', 'a 1', 'a{topic="x"} 1', '# TYPE b counter', 'b 1', '# TYPE c gauge', 'c 1'))
  const ours = nameFacts(scraped('# TYPE a gauge', 'a 1', '# TYPE b gauge', 'b 1', '# TYPE own gauge', 'own 1'))
  expect(differences(theirs, ours)).toEqual([
    { name: 'a', kind: 'labels', what: 'has no series {topic}, but {}' },
    { name: 'b', kind: 'type', what: 'is a gauge, not a counter' },
    { name: 'c', kind: 'name', what: 'is missing' },
  ])
})

test('an explanation of a missing name does not explain its labels', () => {
  const explanations = [{ names: /^a$/, why: 'not here' }]
  expect(explanationOf({ name: 'a', kind: 'name', what: '' }, explanations)?.why).toBe('not here')
  expect(explanationOf({ name: 'a', kind: 'labels', what: '' }, explanations)).toBeUndefined()
})

test('variables of dashboards are filled in, in each of Grafana’s three spellings', () => {
  expect(
    filledIn('sum(a{n="$kubernetes_namespace",c="${strimzi_cluster_name}",t=~"[[topic]]"}[$__rate_interval])', 'host:1'),
  ).toBe('sum(a{n="kafka",c="my-cluster",t=~".*"}[1m])')
  expect(filledIn('a{instance="$instance"} offset 1d', 'host:1')).toBe('a{instance="host:1"}')
})

test('what was recorded of Kafka answers as many queries as its dashboards ask', () => {
  const answered = recordedDashboards().map(({ name, queries }) => {
    return `${name} ${queries.filter(({ isExpected }) => isExpected).length}/${queries.length}`
  })
  expect(answered.slice(0, 4)).toEqual([
    'strimzi-kafka 28/33',
    'strimzi-kraft 18/21',
    'strimzi-kafka-exporter 16/16',
    'kafka_exporter_overview 5/5',
  ])
  expect(recordedNames().map(({ facts }) => facts.length)).toEqual([325, 58])
})
