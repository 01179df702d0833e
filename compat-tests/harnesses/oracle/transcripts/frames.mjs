// Bodies that no client should send: too short, too long, with null where null is not allowed, with unknown tags.
const bytes = text => Buffer.from(text.replaceAll(' ', ''), 'hex')

export const transcripts = [
  {
    name: 'frames',
    async run(t) {
      let n = 0
      const send = (as, api, v, body, options = {}) => t.call(api, body, { as, v, on: `c${n++}`, patienceMs: 2000, ...options })
      await send('null client id', 'Metadata', 12, { topics: [] }, { clientId: null })
      await send('empty client id', 'Metadata', 12, { topics: [] }, { clientId: '' })
      await send('long client id', 'Metadata', 12, { topics: [] }, { clientId: 'x'.repeat(5000) })
      await send('empty body', 'Metadata', 9, Buffer.alloc(0))
      await send('empty body, old', 'Metadata', 4, Buffer.alloc(0))
      await send('bytes behind', 'Metadata', 4, bytes('00000000 00 ffff'))
      await send('bytes behind, flexible', 'Metadata', 12, bytes('01 00 00 00 ffff'))
      await send('count beyond the end', 'Metadata', 4, bytes('7fffffff 00'))
      await send('count -2', 'Metadata', 4, bytes('fffffffe 00'), { view: body => ({ some: body.topics.length > 0 }) })
      await send('varint too long', 'Metadata', 12, bytes('ffffffffffff01 00 00 00'))
      await send('bool 2', 'Metadata', 4, bytes('00000000 02'))
      await send('unknown tags', 'Metadata', 12, {
        topics: [],
        $tags: [
          [7, Buffer.from('abc')],
          [9, Buffer.alloc(0)],
        ],
      })
      await send('tag longer than the body', 'Metadata', 12, bytes('01 00 00 01 05 7f'))
      await send('one tag twice', 'Metadata', 12, bytes('01 00 00 02 05 00 05 00'))
      await send('tags out of order', 'Metadata', 12, bytes('01 00 00 02 06 00 05 00'))
      await send('name that is not UTF-8', 'Metadata', 4, {
        topics: [{ name: Buffer.from([0xff, 0xfe]) }],
        allowAutoTopicCreation: false,
      })
      await send('null name', 'Metadata', 4, { topics: [{ name: null }], allowAutoTopicCreation: false })
      await send('null group', 'Heartbeat', 4, { groupId: null, memberId: 'x', generationId: 1 })
      await send('null group, old', 'Heartbeat', 1, { groupId: null, memberId: 'x', generationId: 1 })
      await send('null topics', 'Fetch', 12, { topics: null, maxWaitMs: 0, replicaId: -1 })
      await send('null topics', 'Produce', 9, { topicData: null, acks: -1, timeoutMs: 100 })
      await send('null topics', 'CreateTopics', 7, { topics: null, timeoutMs: 1000 })
      await send('null topics', 'ListOffsets', 7, { topics: null, replicaId: -1 })
      await send('null topics', 'OffsetCommit', 8, { groupId: 'g', topics: null })
      await send('null topics, old', 'OffsetFetch', 1, { groupId: 'g', topics: null })
      await send('null groups', 'OffsetFetch', 8, { groups: null })
      await send('null partitions', 'Fetch', 12, { topics: [{ topic: 'x', partitions: null }], maxWaitMs: 0, replicaId: -1 })
      await send('null key', 'FindCoordinator', 3, { key: null, keyType: 0 })
      await send('null keys', 'FindCoordinator', 4, { coordinatorKeys: null, keyType: 0 })
      await send('null groups', 'DescribeGroups', 5, { groups: null })
      await send('null name', 'DeleteTopics', 5, { topicNames: [null], timeoutMs: 1000 })
      await send('null names', 'DeleteGroups', 2, { groupsNames: null })
      await send('null resources', 'DescribeConfigs', 4, { resources: null })
      await send('null config name', 'IncrementalAlterConfigs', 1, {
        resources: [{ resourceType: 2, resourceName: 'x', configs: [{ name: null, configOperation: 0, value: 'x' }] }],
      })
      await send('old header for a flexible version', 'Metadata', 12, { topics: [] }, { headerVersion: 1 })
      await send('new header for an old version', 'Metadata', 4, { topics: [] }, { headerVersion: 2 })
      await send('ApiVersions with an empty body', 'ApiVersions', 3, Buffer.alloc(0))
      await send('ApiVersions with null names', 'ApiVersions', 3, { clientSoftwareName: null, clientSoftwareVersion: null })
      await send('SaslHandshake', 'SaslHandshake', 1, { mechanism: 'PLAIN' })
      await send('SaslHandshake of another mechanism', 'SaslHandshake', 1, { mechanism: 'NOPE' })
    },
  },
]
