// Two data directories: where partitions are, where they go, and which directory takes none. On a pair of brokers that have two.
import { batch } from '../lib/records.mjs'

const SET = 0
const DELETE = 1
const BROKER = 4

const bytes = value => (value > 0 ? '<bytes>' : value)

export const transcripts = [
  {
    name: 'two-log-dirs',
    async run(t) {
      const { results } = await t.quiet('DescribeLogDirs', { topics: [] })
      if (results.length < 2) return
      const dirs = results.map(({ logDir }) => logDir)
      for (const [at, dir] of dirs.entries()) t.know(dir, `directory ${at}`)
      const a = await t.topic('a', { partitions: 4 })
      const ours = [{ topic: a.name, partitions: [0, 1, 2, 3] }]
      // Which of two directories with as few partitions comes first is Kafka's own affair.
      const counts = body => ({
        ...body,
        results: body.results.map(one => ({
          ...one,
          totalBytes: bytes(one.totalBytes),
          usableBytes: bytes(one.usableBytes),
          topics: one.topics.map(({ name, partitions }) => ({ name, count: partitions.length })),
        })),
      })
      const sizes = body => ({
        ...counts(body),
        results: counts(body).results.map((one, at) => ({ ...one, topics: body.results[at].topics })),
      })
      await t.call('DescribeLogDirs', { topics: ours }, { as: 'spread', view: counts })
      for (let n = 0; n < 20; n++) await t.produce(a, batch([{ value: `record ${n}` }], { timestamp: t.T0 }), n % 4)
      const alter = (as, ...moves) =>
        t.call(
          'AlterReplicaLogDirs',
          { dirs: moves.map(([path, ...partitions]) => ({ path, topics: [{ name: a.name, partitions }] })) },
          { as },
        )
      const allIn = dir => x => {
        const partitionsOf = one => one.topics.find(({ name }) => name === a.name)?.partitions ?? []
        const there = partitionsOf(x.results.find(one => one.logDir === dir))
        // Where a partition came from, Kafka still shows it for a moment.
        const isNowhereElse = x.results.every(one => one.logDir === dir || partitionsOf(one).length === 0)
        return there.length === 4 && there.every(one => !one.isFutureKey) && isNowhereElse
      }
      for (const dir of [...dirs, ...dirs]) {
        await alter('all to one', [dir, 0, 1, 2, 3])
        await t.until('DescribeLogDirs', { topics: ours }, allIn(dir), { as: 'moved', view: sizes, withinMs: 60000 })
        await t.settled(a.name, 4)
      }
      const offsets = [0, 1, 2, 3].map(partitionIndex => ({ partitionIndex, timestamp: -1 }))
      await t.call('ListOffsets', { replicaId: -1, topics: [{ name: a.name, partitions: offsets }] }, { as: 'all is there' })
      await alter('one that is not there', [dirs[0], 0, 9])
      await alter('a directory that is not there', [`${dirs[0]}-not`, 1], [dirs[1], 2])
      await t.until('DescribeLogDirs', { topics: ours }, x => x.results.every(one => one.topics.length > 0), { quiet: true })
      const cordon = (as, value, configOperation = SET) =>
        t.call(
          'IncrementalAlterConfigs',
          {
            resources: [
              { resourceType: BROKER, resourceName: '1', configs: [{ name: 'cordoned.log.dirs', configOperation, value }] },
            ],
          },
          { as },
        )
      await cordon('no directory', `${dirs[0]}-not`)
      await cordon('all and one', `*,${dirs[0]}`)
      await cordon('one', dirs[0])
      const isCordoned = count => x => x.results.filter(one => one.isCordoned).length === count
      await t.until('DescribeLogDirs', { topics: [] }, isCordoned(1), { as: 'one', view: counts })
      const b = await t.topic('b', { partitions: 3 })
      const ofB = [{ topic: b.name, partitions: [0, 1, 2] }]
      await t.call('DescribeLogDirs', { topics: ofB }, { as: 'all in the other', view: sizes })
      await alter('to one that is cordoned', [dirs[0], 0, 1, 2, 3, 9])
      await cordon('all', '*')
      await t.until('DescribeLogDirs', { topics: [] }, isCordoned(2), { as: 'all', view: counts })
      // The controller hears of it a little later.
      const isRefused = x => x.topics[0].errorCode !== 0
      const topic = { name: t.name('c'), numPartitions: 1, replicationFactor: 1 }
      await t.until('CreateTopics', { topics: [topic], timeoutMs: 5000, validateOnly: true }, isRefused, { as: 'none is left' })
      const byHand = { ...topic, numPartitions: -1, replicationFactor: -1, assignments: [{ partitionIndex: 0, brokerIds: [1] }] }
      await t.call('CreateTopics', { topics: [byHand], timeoutMs: 5000 }, { as: 'none is left, by hand' })
      await t.call(
        'CreatePartitions',
        { topics: [{ name: a.name, count: 9, assignments: null }], timeoutMs: 5000 },
        { as: 'grown' },
      )
      await cordon('nothing', null, DELETE)
    },
  },
]
