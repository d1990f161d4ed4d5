// The rules that keep the services apart. See the folder map in README.md.
const tests = '\\.test\\.ts$'
const service = '^services/(proofing|policy|authenticator|wallet|federation)/'
const impure =
  '(^services/(main|config|context|cli|ready)|/(store|grpc|http|worker|schema\\.sqlite|schema\\.postgres)|-(store|event-log|transport|grpc|http|pool))\\.ts$|^services/(database|rpc|cli|context|simulator)/|^services/kernel/(clock|random|log|task-thread)\\.ts$'
const io =
  '^(node:)?(fs|fs/promises|net|tls|dgram|http|https|http2|child_process|worker_threads|process)$|node_modules/(kafkajs|@grpc|drizzle-orm|better-sqlite3|pg)/'
const rule = (name, from, to) => ({ name, severity: 'error', from, to })

module.exports = {
  forbidden: [
    rule('no-cycles', {}, { circular: true }),
    rule('kernel-is-a-leaf', { path: '^services/kernel/' }, { path: '^services/(?!kernel/)' }),
    rule(
      'libraries-do-not-know-services',
      { path: '^services/(jpki|card|eventlog|database)/', pathNot: tests },
      { path: service },
    ),
    rule(
      'services-meet-only-in-events',
      { path: service, pathNot: tests },
      { path: service, pathNot: '^services/$1/|/(events|ports)\\.ts$' },
    ),
    rule(
      'simulator-only-from-the-composition-root',
      {
        path: '^(services|web|deploy)/',
        pathNot: '^services/(main|context|cli)(\\.ts$|/)|^services/(simulator|cli)/|' + tests,
      },
      { path: '^services/simulator/' },
    ),
    rule(
      'sample-programs-use-the-public-contract',
      { path: '^deploy/' },
      { path: '^(services|web|test)/' },
    ),
    rule(
      'pure-unless-named-otherwise',
      { path: '^services/', pathNot: impure + '|' + tests },
      { path: io, dependencyTypesNot: ['type-only'] },
    ),
    rule(
      'adapters-only-from-the-composition-root',
      {
        path: '^services/',
        pathNot: '^services/(main|context|cli)(\\.ts$|/)|^services/(eventlog|cli)/|' + tests,
      },
      { path: '-event-log\\.ts$' },
    ),
    rule(
      'generated-code-stays-at-the-edge',
      {
        path: '^services/',
        pathNot: '/(grpc|events|worker)\\.ts$|-grpc\\.ts$|^services/rpc/|' + tests,
      },
      { path: '^proto/gen/' },
    ),
    rule(
      'no-tests-in-production',
      { path: '^services/', pathNot: tests },
      { path: '^test/|' + tests },
    ),
    rule(
      'web-takes-only-the-policy-language',
      { path: '^web/' },
      { path: '^services/(?!kernel/|policy/(language|minimum)/|[a-z]+/api\\.ts$)' },
    ),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(proto/gen/google|web/dist)' },
  },
}
