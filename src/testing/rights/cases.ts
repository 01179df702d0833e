/** Every request whose rights are played. */
import { casesOfGroups } from './of-groups.js'
import { casesOfTheCluster } from './of-the-cluster.js'
import { casesOfTopics } from './of-topics.js'
import { casesOfTransactions } from './of-transactions.js'
import type { RightsCase } from './play.js'

export const rightsCases: readonly RightsCase[] = [
  ...casesOfTopics,
  ...casesOfGroups,
  ...casesOfTransactions,
  ...casesOfTheCluster,
]
