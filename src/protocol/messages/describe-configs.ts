import { api, array, arrayOf, bool, int8, int16, int32, string } from '../schema.js'

// DescribeConfigs v0-4: the effective configuration of topics, brokers and other resources. v1: synonyms, and the source
// of a value instead of "is it the default" (KIP-226). v3: type and documentation (KIP-569). v4: flexible.
export const DescribeConfigs = api({
  key: 32,
  name: 'DescribeConfigs',
  versions: '0-4',
  flexible: '4+',
  request: {
    resources: array('0+', {
      resourceType: int8('0+'),
      resourceName: string('0+'),
      // Null asks for all keys.
      configurationKeys: arrayOf('0+', 'string', { nullable: '0+' }),
    }),
    includeSynonyms: bool('1+', { default: false }),
    includeDocumentation: bool('3+', { default: false }),
  },
  response: {
    throttleTimeMs: int32('0+', { default: 0 }),
    results: array('0+', {
      errorCode: int16('0+'),
      errorMessage: string('0+', { nullable: '0+' }),
      resourceType: int8('0+'),
      resourceName: string('0+'),
      configs: array('0+', {
        name: string('0+'),
        value: string('0+', { nullable: '0+' }),
        readOnly: bool('0+'),
        isDefault: bool('0', { default: false }),
        configSource: int8('1+', { default: -1 }),
        isSensitive: bool('0+'),
        synonyms: array(
          '1+',
          {
            name: string('1+'),
            value: string('1+', { nullable: '0+' }),
            source: int8('1+'),
          },
          { default: [] },
        ),
        configType: int8('3+', { default: 0 }),
        documentation: string('3+', { nullable: '0+' }),
      }),
    }),
  },
  failure: (request, errorCode) => ({
    results: request.resources.map(({ resourceType, resourceName }) => ({
      errorCode,
      errorMessage: null,
      resourceType,
      resourceName,
      configs: [],
    })),
  }),
})
