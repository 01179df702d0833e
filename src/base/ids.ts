/**
 * Numbers and strings that must not be mixed up carry a brand. A brand costs nothing at run time; `as Offset` at the
 * place where a number becomes an offset is the whole ceremony.
 */
declare const brand: unique symbol
export type Brand<T, Name extends string> = T & { readonly [brand]?: Name }

/** A record's place in a partition's log: 0 … 2^53-1. */
export type Offset = Brand<number, 'Offset'>
/** Identity of an idempotent producer: 0 … 2^53-1; -1 is none. */
export type ProducerId = Brand<number, 'ProducerId'>
/** Generation of a producer id: 0 … 32767; -1 is none. */
export type ProducerEpoch = Brand<number, 'ProducerEpoch'>
/** Generation of a partition's leadership; never goes down for the same topic id. */
export type LeaderEpoch = Brand<number, 'LeaderEpoch'>

/** 16 bytes in Kafka's text form: 22 characters of base64url. */
export type Uuid = string
export const zeroUuid: Uuid = 'AAAAAAAAAAAAAAAAAAAAAA'
