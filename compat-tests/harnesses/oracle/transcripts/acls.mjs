// The ACL APIs of brokers without an authorizer.
const filter = (rest = {}) => ({
  resourceTypeFilter: 2,
  resourceNameFilter: 't',
  patternTypeFilter: 3,
  principalFilter: 'User:a',
  hostFilter: '*',
  operation: 3,
  permissionType: 3,
  ...rest,
})
const entry = (rest = {}) => ({
  resourceType: 2,
  resourceName: 't',
  resourcePatternType: 3,
  principal: 'User:a',
  host: '*',
  operation: 3,
  permissionType: 3,
  ...rest,
})

export const transcripts = [
  {
    name: 'describe-acls',
    api: 'DescribeAcls',
    async run(t) {
      await t.call('DescribeAcls', filter(), { as: 'of a topic' })
      await t.call('DescribeAcls', filter({ resourceNameFilter: null, principalFilter: null, hostFilter: null }), { as: 'any' })
      await t.call('DescribeAcls', filter({ resourceTypeFilter: 77, operation: 55, permissionType: 9 }), { as: 'unknown types' })
    },
  },
  {
    name: 'create-acls',
    api: 'CreateAcls',
    async run(t) {
      await t.call('CreateAcls', { creations: [] }, { as: 'none' })
      await t.call('CreateAcls', { creations: [entry(), entry({ operation: 99 }), entry({ resourceName: '' })] }, { as: 'three' })
    },
  },
  {
    name: 'delete-acls',
    api: 'DeleteAcls',
    async run(t) {
      await t.call('DeleteAcls', { filters: [] }, { as: 'none' })
      await t.call('DeleteAcls', { filters: [filter(), filter(), filter({ permissionType: 77 })] }, { as: 'three' })
    },
  },
]
