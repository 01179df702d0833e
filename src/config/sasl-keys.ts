/**
 * The keys of SASL, one row each; spread into the broker's table. Most may be given for one listener alone, as
 * listener.name.NAME.sasl.…, and those of a mechanism for that alone, as listener.name.NAME.scram-sha-256.sasl.…
 */
import { int, javaClass, type KeyTraits, list, long, password, text } from './key.js'

const int32Max = 2 ** 31 - 1
const perListener: KeyTraits = { perListener: true }
const perMechanism: KeyTraits = { perListener: true, perMechanism: true }

export const saslKeys = {
  'sasl.enabled.mechanisms': list(
    ['GSSAPI'],
    'Mechanisms by which clients authenticate: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER. GSSAPI is not there: without ' +
      'another one a SASL listener refuses the start.',
    perListener,
  ),
  'sasl.jaas.config': password(
    'Login module and options of a mechanism, as Kafka writes them; with the mechanism in its name, as in ' +
      'listener.name.sasl_ssl.plain.sasl.jaas.config. PLAIN takes its users from it (user_NAME="password"), OAUTHBEARER how unsecured ' +
      'tokens are checked. SCRAM needs none.',
    perMechanism,
  ),
  'connections.max.reauth.ms': long(
    0,
    'How long a session lasts that was authenticated by SASL, unless the client authenticates again; 0: as long as the connection, ' +
      'or as the token that was shown.',
    perMechanism,
  ),
  'sasl.server.max.receive.size': int(524_288, 'Largest request, and largest SASL token, before a client has authenticated.', {
    ...perListener,
    min: 1,
  }),
  'connection.failed.authentication.delay.ms': int(100, 'How long a client waits for the answer that it has not authenticated.', {
    min: 0,
  }),
  'sasl.server.callback.handler.class': javaClass(
    null,
    'For OAUTHBEARER: org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler checks signed tokens with the ' +
      'keys of sasl.oauthbearer.jwks.endpoint.url. Unset, unsecured tokens are taken, which anybody can write. No other class is known.',
    perMechanism,
  ),
  'sasl.oauthbearer.jwks.endpoint.url': text(
    null,
    'Where the keys of the issuer of bearer tokens are (a JWKS): http, https or file. Read only when ' +
      'org.apache.kafka.sasl.oauthbearer.allowed.urls names it.',
    perMechanism,
  ),
  'sasl.oauthbearer.jwks.endpoint.refresh.ms': long(3_600_000, 'How often the issuer’s keys are read again.', {
    ...perMechanism,
    min: 1000,
  }),
  'sasl.oauthbearer.jwks.endpoint.retry.backoff.ms': long(100, 'Wait before the keys are read again after a failure; doubles.', {
    ...perMechanism,
    min: 1,
  }),
  'sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms': long(10_000, 'Longest wait between two attempts to read the keys.', {
    ...perMechanism,
    min: 1,
  }),
  'sasl.oauthbearer.clock.skew.seconds': int(30, 'How far the clock of the issuer may be off.', {
    ...perMechanism,
    min: 0,
    max: int32Max,
  }),
  'sasl.oauthbearer.expected.audience': list(
    [],
    'Audiences of which a bearer token must name one. Unset, a token that names any is refused.',
    perMechanism,
  ),
  'sasl.oauthbearer.expected.issuer': text(null, 'The issuer that a bearer token must name.', perMechanism),
  'sasl.oauthbearer.scope.claim.name': text('scope', 'Claim with the scope of a bearer token.', perMechanism),
  'sasl.oauthbearer.sub.claim.name': text('sub', 'Claim with the name of a bearer token’s principal.', perMechanism),
  'org.apache.kafka.sasl.oauthbearer.allowed.urls': list(
    [],
    'URLs that may be read for the keys of bearer tokens. In Kafka a property of the JVM of the same name.',
    { kafkaDefault: 'a JVM property' },
  ),
  'delegation.token.secret.key': password(
    'From it the secrets of delegation tokens are made. Unset, there are no tokens. With another one all tokens are other tokens.',
  ),
  'delegation.token.max.lifetime.ms': long(604_800_000, 'How long a delegation token may last, however often it is renewed.', {
    min: 1,
  }),
  'delegation.token.expiry.time.ms': long(86_400_000, 'How long a delegation token lasts, and lasts longer when it is renewed.', {
    min: 1,
  }),
  'delegation.token.expiry.check.interval.ms': long(3_600_000, 'How often expired delegation tokens are removed.', { min: 1 }),
} as const
