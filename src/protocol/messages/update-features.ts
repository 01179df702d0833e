import { api, array, bool, int8, int16, int32, string } from '../schema.js'

// UpdateFeatures v0-2: changes levels of features (KIP-584). v1: kinds of change, and asking without doing (KIP-778). v2: all or
// nothing, so that there are no results of single ones (KIP-1022). Flexible from the start.
export const UpdateFeatures = api({
  key: 57,
  name: 'UpdateFeatures',
  versions: '0-2',
  flexible: '0+',
  request: {
    timeoutMs: int32('0+', { default: 60_000 }),
    featureUpdates: array('0+', {
      feature: string('0+'),
      maxVersionLevel: int16('0+'),
      // Read by no controller of Kafka 4: a level does not sink in version 0.
      allowDowngrade: bool('0', { default: false }),
      upgradeType: int8('1+', { default: 1 }),
    }),
    validateOnly: bool('1+', { default: false }),
  },
  response: {
    throttleTimeMs: int32('0+', { default: 0 }),
    errorCode: int16('0+'),
    errorMessage: string('0+', { nullable: '0+' }),
    results: array(
      '0-1',
      {
        feature: string('0+'),
        errorCode: int16('0+'),
        errorMessage: string('0+', { nullable: '0+' }),
      },
      { default: [] },
    ),
  },
  failure: (_request, errorCode) => ({ errorCode, errorMessage: null }),
})
