import type { Pause } from '../base/pause.js'

/** For long work that a test wants done at once. */
export const noPause: Pause = () => null
