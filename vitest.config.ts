import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    clearMocks: true,
    coverage: {
      provider: 'v8',
      include: ['services/**/*.ts'],
      exclude: [
        '**/*.test.ts',
        '**/events.ts',
        '**/ports.ts',
        'services/main.ts',
        // Support of tests, beside what it stands in for.
        'services/**/temporary-*.ts',
        'services/federation/{fake-ports,stand-grpc}.ts',
        'services/simulator/key-pool.ts',
      ],
    },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['services/**/*.test.ts', 'web/**/*.test.{ts,tsx}'],
          testTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/**/*.test.ts'],
          globalSetup: ['test/support/global-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
