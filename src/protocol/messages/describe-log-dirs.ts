import { api, array, arrayOf, bool, int16, int32, int64, string } from '../schema.js'

// DescribeLogDirs v1-5: the directories of this broker and how much of which partition is in them (KIP-113). v2: flexible. v3: an
// error for the whole request. v4: room in all and room left (KIP-827). v5: whether new partitions may come (KIP-1066).
export const DescribeLogDirs = api({
  key: 35,
  name: 'DescribeLogDirs',
  versions: '1-5',
  flexible: '2+',
  request: {
    // Null is every topic.
    topics: array('0+', { topic: string('0+'), partitions: arrayOf('0+', 'int32') }, { nullable: '0+' }),
  },
  response: {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('3+'),
    results: array('0+', {
      errorCode: int16('0+'),
      logDir: string('0+'),
      topics: array('0+', {
        name: string('0+'),
        partitions: array('0+', {
          partitionIndex: int32('0+'),
          partitionSize: int64('0+'),
          offsetLag: int64('0+'),
          isFutureKey: bool('0+'),
        }),
      }),
      totalBytes: int64('4+', { default: -1 }),
      usableBytes: int64('4+', { default: -1 }),
      isCordoned: bool('5+', { default: false }),
    }),
  },
  failure: (_request, errorCode) => ({ errorCode, results: [] }),
})
