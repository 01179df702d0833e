import { Errors } from '../errors.js'
import { api, array, bool, int16, int32, int64, string } from '../schema.js'

const key = 18

// ApiVersions v0-5: the first request of nearly every client. v3: flexible, client name and version (KIP-511), features
// (KIP-584). v4: supported features may have minimum 0 (KAFKA-17492). v5: the cluster and node that the client believes it
// reached (KIP-1242). The response header stays v0 in every version.
export const ApiVersions = api({
  key,
  name: 'ApiVersions',
  versions: '0-5',
  flexible: '3+',
  request: {
    clientSoftwareName: string('3+'),
    clientSoftwareVersion: string('3+'),
    clusterId: string('5+', { nullable: '5+', default: null }),
    nodeId: int32('5+', { default: -1 }),
  },
  response: {
    errorCode: int16('0+'),
    apiKeys: array('0+', {
      apiKey: int16('0+'),
      minVersion: int16('0+'),
      maxVersion: int16('0+'),
    }),
    throttleTimeMs: int32('1+', { default: 0 }),
    supportedFeatures: array(
      '3+',
      {
        name: string('3+'),
        minVersion: int16('3+'),
        maxVersion: int16('3+'),
      },
      { tag: 0, tagged: '3+' },
    ),
    finalizedFeaturesEpoch: int64('3+', { tag: 1, tagged: '3+', default: -1 }),
    finalizedFeatures: array(
      '3+',
      {
        name: string('3+'),
        maxVersionLevel: int16('3+'),
        minVersionLevel: int16('3+'),
      },
      { tag: 2, tagged: '3+' },
    ),
    zkMigrationReady: bool('3+', { tag: 3, tagged: '3+', default: false }),
  },
  // A client that asked in a version from the future learns the range to ask again in (KIP-511).
  failure: (_request, errorCode) => ({
    errorCode,
    apiKeys: errorCode === Errors.UNSUPPORTED_VERSION ? [{ apiKey: key, minVersion: 0, maxVersion: 5 }] : [],
  }),
})
