// ApiVersions in every version, unknown versions of it, and what the two advertise.

export const transcripts = [
  {
    name: 'api-versions',
    api: 'ApiVersions',
    async run(t) {
      await t.call('ApiVersions', { clientSoftwareName: 'oracle', clientSoftwareVersion: '1.0' }, { as: 'plain' })
      if (t.v >= 3) {
        await t.call('ApiVersions', { clientSoftwareName: '', clientSoftwareVersion: '' }, { as: 'empty names' })
        await t.call(
          'ApiVersions',
          { clientSoftwareName: '-bad-', clientSoftwareVersion: '1' },
          { as: 'name with a dash at its ends' },
        )
        await t.call('ApiVersions', { clientSoftwareName: 'a b', clientSoftwareVersion: '1' }, { as: 'name with a space' })
        await t.call('ApiVersions', { clientSoftwareName: 'a', clientSoftwareVersion: 'ä' }, { as: 'version that is not ASCII' })
        await t.call(
          'ApiVersions',
          { clientSoftwareName: 'a', clientSoftwareVersion: '1', $tags: [[99, Buffer.from('x')]] },
          { as: 'unknown tag' },
        )
      }
      if (t.v >= 5) {
        const { clusterId } = await t.quiet('Metadata', { topics: [] }, { v: 12 })
        const ask = (as, meant) =>
          t.call('ApiVersions', { clientSoftwareName: 'oracle', clientSoftwareVersion: '1.0', ...meant }, { as })
        await ask('this cluster and node', { clusterId, nodeId: 1 })
        await ask('this cluster alone', { clusterId })
        await ask('this node alone', { nodeId: 1 })
        await ask('another cluster', { clusterId: 'another', nodeId: 1 })
        await ask('another node', { clusterId, nodeId: 7 })
        await ask('another cluster without a node', { clusterId: 'another' })
        await ask('node -2', { clusterId, nodeId: -2 })
        await ask('another cluster, from nobody', { clientSoftwareName: '', clusterId: '', nodeId: 1 })
      }
    },
  },
  {
    name: 'unknown-versions',
    async run(t) {
      await t.call('ApiVersions', Buffer.alloc(0), {
        v: 99,
        as: 'ApiVersions 99',
        headerVersion: 2,
        decodeAs: 0,
        view: body => ({ errorCode: body.errorCode, keys: body.apiKeys.length > 0 }),
        on: 'a',
      })
      await t.call('ApiVersions', Buffer.alloc(0), {
        v: -1,
        as: 'ApiVersions -1',
        headerVersion: 1,
        decodeAs: 0,
        on: 'b',
        view: body => ({ errorCode: body.errorCode, keys: body.apiKeys.length > 0 }),
      })
      for (const [api, [, max]] of t.shared) {
        if (api === 'ApiVersions') continue
        await t.call(api, Buffer.alloc(0), { v: 30 + max, as: `${api} too new`, headerVersion: 2, on: `n-${api}` })
      }
    },
  },
]
