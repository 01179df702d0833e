import { defineConfig } from 'vitest/config'

// The tests run from the sources; no tsconfig is read, because target and module style are all that the transform needs.
export default defineConfig({
  oxc: { tsconfig: false, target: 'node20' },
  test: { include: ['src/**/*.test.ts', 'compat-tests/*.test.ts'] },
})
