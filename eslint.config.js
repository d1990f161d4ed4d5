import tseslint from 'typescript-eslint'

const impure = [
  'services/{main,config,context,cli,ready}.ts',
  'services/**/{store,grpc,http,worker}.ts',
  'services/**/*-{store,event-log,transport,grpc,http,pool}.ts',
  'services/{database,rpc,cli,context,simulator}/**',
  'services/kernel/{clock,random,log}.ts',
  'services/jpki/worker.ts',
  '**/*.test.ts',
]

const clockFree = {
  'no-restricted-properties': [
    'error',
    { object: 'Date', property: 'now', message: 'take the time as a parameter' },
    { object: 'Math', property: 'random', message: 'take randomness as a parameter' },
    { object: 'process', property: 'env', message: 'read the environment in config.ts only' },
  ],
  'no-restricted-syntax': [
    'error',
    {
      selector: "NewExpression[callee.name='Date'][arguments.length=0]",
      message: 'take the time as a parameter',
    },
  ],
}

export default tseslint.config(
  {
    ignores: [
      'proto/gen',
      'web/dist',
      'coverage',
      'node_modules',
      '.cache',
      '.kafka',
      'data',
      'test/artefacts',
      'web/*.config.ts',
    ],
  },
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_' },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // Interfaces of ours promise async so that a remote adapter can stand behind them.
      '@typescript-eslint/require-await': 'off',
    },
  },
  { files: ['services/**/*.ts'], ignores: impure, rules: clockFree },
)
