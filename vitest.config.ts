import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks', // the kernels set V8 flags, which are per process
    maxWorkers: '100%', // half of the time goes into commands that the tests start and wait for
    // against hangs alone: one core that is shared may take minutes for what a quiet machine does in seconds
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
