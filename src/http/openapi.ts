/** What every route says of itself in the OpenAPI document. */
export const openApiInfo = {
  openapi: '3.1.0',
  info: {
    title: 'Gregor',
    version: '1',
    description:
      'The HTTP API of a Gregor broker. What it does, it does as a Kafka client: with the same rights, checks and errors.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
}
