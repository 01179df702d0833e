/**
 * The walk that every client takes, here for clients on Node; the programs in other languages follow it line by line. One
 * topic of one partition, one transactional id; what is printed is the same for all, `transcript`.
 */

export const transcript = [
  'open committed= uncommitted=c1,c2',
  'commit committed=c1,c2 uncommitted=c1,c2',
  'abort committed=c1,c2 uncommitted=c1,c2,a1',
  'offset of an aborted transaction: none',
  'offset of a committed transaction: 2',
  'fenced committed=c1,c2,o2,s1 uncommitted=c1,c2,a1,o1,o2,f1,s1',
]

export const saysFenced = /PRODUCER_FENCED|INVALID_PRODUCER_EPOCH/

export interface WalkedTransaction {
  /** Resolves when the broker has it. */
  send(value: string): Promise<void>
  sendOffset(offset: number): Promise<void>
  commit(): Promise<void>
  abort(): Promise<void>
}

export interface WalkedProducer {
  begin(): Promise<WalkedTransaction>
  close(): Promise<void>
}

export interface TransactionWalker {
  /** A new instance with the one transactional id; it fences those before it. */
  open(): Promise<WalkedProducer>
  /** All values in order, as a new consumer with this isolation level is shown them. */
  read(isCommitted: boolean): Promise<string[]>
  committedOffset(): Promise<number | null>
  isFenced(error: unknown): boolean
}

export async function walkTransactions(walker: TransactionWalker): Promise<void> {
  const shown = async (step: string) => {
    const committed = (await walker.read(true)).join(',')
    console.log(`${step} committed=${committed} uncommitted=${(await walker.read(false)).join(',')}`)
  }
  const first = await walker.open()

  const committing = await first.begin()
  await committing.send('c1')
  await committing.send('c2')
  await shown('open')
  await committing.commit()
  await shown('commit')

  const aborting = await first.begin()
  await aborting.send('a1')
  await aborting.abort()
  await shown('abort')

  const giving = await first.begin()
  await giving.send('o1')
  await giving.sendOffset(1)
  await giving.abort()
  console.log(`offset of an aborted transaction: ${(await walker.committedOffset()) ?? 'none'}`)
  const keeping = await first.begin()
  await keeping.send('o2')
  await keeping.sendOffset(2)
  await keeping.commit()
  console.log(`offset of a committed transaction: ${(await walker.committedOffset()) ?? 'none'}`)

  const fenced = await first.begin()
  await fenced.send('f1')
  const second = await walker.open()
  const taking = await second.begin()
  await taking.send('s1')
  await taking.commit()
  try {
    await fenced.commit()
    console.log('the first instance was not fenced')
  } catch (error) {
    if (!walker.isFenced(error)) throw error
  }
  await shown('fenced')
  await second.close()
}
