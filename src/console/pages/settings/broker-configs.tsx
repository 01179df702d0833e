import { api } from '../../api/client.js'
import { usePoll } from '../../api/poll.js'
import type { Overview } from '../../api/types.js'
import { Loaded } from '../../ui/parts.js'
import { Configs } from '../configs.js'

export function BrokerConfigs() {
  const polled = usePoll<Overview>(api`overview`, null)
  return <Loaded polled={polled}>{({ brokerId }) => <Configs path={api`brokers/${brokerId}/configs`} of="this broker" />}</Loaded>
}
