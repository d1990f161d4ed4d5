import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { reachableHost, readCardClient, readConfig, readPlaces } from './config.ts'

const refusal = (environment: Record<string, string>): string => {
  try {
    readConfig(environment)
  } catch (error) {
    return (error as Error).message
  }
  return 'accepted'
}

describe('configuration', () => {
  test('runs with nothing set: embedded storage and the simulator', () => {
    const config = readConfig({})
    expect(config).toMatchObject({
      trustEnvironment: 'simulator',
      samples: true,
      backbone: { kind: 'embedded' },
    })
    expect(config.ports).toMatchObject({ http: 8080, grpc: 50051, sampleRp: 8101 })
  })

  test('takes Kafka and PostgreSQL together, and never shows the password', () => {
    const config = readConfig({
      KAFKA_BROKERS: 'a:9092, b:9092',
      DATABASE_URL: 'postgres://u:canary@h/db',
    })
    expect(config.backbone).toMatchObject({ kind: 'scaled', brokers: ['a:9092', 'b:9092'] })
    expect(JSON.stringify(config)).not.toContain('canary')
  })

  test('lets several instances share one cluster by a prefix, which is empty unless set', () => {
    const scaled = { KAFKA_BROKERS: 'a:9092', DATABASE_URL: 'postgres://h/db' }
    expect(readConfig(scaled).backbone).toMatchObject({ prefix: '' })
    expect(readConfig({ ...scaled, KAFKA_PREFIX: 'blue.' }).backbone).toMatchObject({
      prefix: 'blue.',
    })
  })

  test('keeps its data in `data`, its keys in there, and takes an empty name for none', () => {
    const usual = { dataDir: resolve('data'), keysDir: resolve('data/keys') }
    expect(readConfig({ DATA_DIR: '', KEYS_DIR: '' })).toMatchObject(usual)
    expect(readConfig({ DATA_DIR: '/d' })).toMatchObject({ dataDir: '/d', keysDir: '/d/keys' })
  })

  test.each([
    [{}, '127.0.0.1', '127.0.0.1'],
    [{ BIND_ADDRESS: '' }, '127.0.0.1', '127.0.0.1'],
    [{ BIND_ADDRESS: '0.0.0.0' }, '0.0.0.0', '127.0.0.1'],
    [{ BIND_ADDRESS: '::' }, '::', '[::1]'],
    [{ BIND_ADDRESS: '::1' }, '::1', '[::1]'],
    [{ BIND_ADDRESS: '10.1.2.3', ISSUER: 'https://id.example' }, '10.1.2.3', '10.1.2.3'],
  ])('with %j listens on %s, which this machine reaches as %s', (environment, address, host) => {
    const { bindAddress } = readConfig(environment)
    expect(bindAddress).toBe(address)
    expect(reachableHost(bindAddress)).toBe(host)
  })

  test.each(['localhost', '10.1.2', '10.1.2.3:80', '[::1]', '*', 'fe80::1%eth0', ' '])(
    'says which addresses it takes when it is told to listen on %j',
    (address) => {
      expect(refusal({ BIND_ADDRESS: address })).toMatch(/^`BIND_ADDRESS`: expected an IP address/)
    },
  )

  test.each([
    [{ BIND_ADDRESS: '10.1.2.3' }, 'ISSUER'],
    [{ KAFKA_PREFIX: 'blue.' }, 'KAFKA_PREFIX'],
    [
      { KAFKA_BROKERS: 'a:1', DATABASE_URL: 'postgres://h/db', KAFKA_PREFIX: 'a b' },
      'KAFKA_PREFIX',
    ],
    [{ KAFKA_BROKERS: 'a:9092' }, 'KAFKA_BROKERS'],
    [{ DATABASE_URL: 'postgres://h/db' }, 'DATABASE_URL'],
    [{ KAFKA_BROKERS: 'nonsense', DATABASE_URL: 'postgres://h/db' }, 'KAFKA_BROKERS'],
    [{ KAFKA_BROKERS: 'a:1', DATABASE_URL: 'mysql://h/db' }, 'DATABASE_URL'],
    [{ TRUST_ENVIRONMENT: 'prod' }, 'TRUST_ENVIRONMENT'],
    [{ TRUST_ENVIRONMENT: 'production' }, 'ISSUER'],
    [{ TRUST_ENVIRONMENT: 'production', ISSUER: 'http://id.example' }, 'ISSUER'],
    [{ TRUST_ENVIRONMENT: 'production', ISSUER: 'https://id.example', SAMPLES: '1' }, 'SAMPLES'],
    [{ SAMPLES: '0', SIMULATOR_PORT: '0' }, 'SIMULATOR_PORT'],
    [{ SAMPLES: '0', AGENT_PORT: '0' }, 'AGENT_PORT'],
    [{ SAMPLES: '0', SAMPLE_RP_PORT: '0' }, 'SAMPLE_RP_PORT'],
    [{ ISSUER: 'https://id.example/path' }, 'ISSUER'],
    [{ ROLES: 'policy' }, 'ROLES'],
    [{ ROLES: 'nobody' }, 'ROLES'],
    [{ HTTP_PORT: '99999' }, 'HTTP_PORT'],
    [{ HTTP_PORT: 'http' }, 'HTTP_PORT'],
    [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL'],
  ])('stops the start on %j and names the variable', (environment, variable) => {
    expect(refusal(environment)).toContain(`\`${variable}`)
  })

  test.each(['soon', '0', '-1', '36501', '1.5', '1e3', ' 30', '30 days', '9'.repeat(30)])(
    'keeps decisions for no %j days, and says for how many it can',
    (days) => {
      expect(() => readConfig({ DECISION_LOG_DAYS: days })).toThrow(
        expect.objectContaining({
          code: 'CONFIG_INVALID',
          message: '`DECISION_LOG_DAYS`: expected a whole number of days from 1 to 36500',
        }) as Error,
      )
    },
  )

  test.each([
    ['1', 1],
    ['36500', 36_500],
    ['', 1826],
  ])('keeps decisions for %j days', (days, expected) => {
    expect(readConfig({ DECISION_LOG_DAYS: days }).decisionLogDays).toBe(expected)
  })

  describe('with real cards', () => {
    const whole = {
      TRUST_ENVIRONMENT: 'production',
      ISSUER: 'https://id.example',
      RP_DIR: '/etc/watashi/rp',
      CRL_URL: 'https://va.example/crl',
      OCSP_URL: 'https://va.example/ocsp',
      LINKAGE_URL: 'https://va.example/linkage',
    }

    test('takes the services of who answers for them', () => {
      const config = readConfig(whole)
      expect(config.identity).toEqual({
        kind: 'cards',
        environment: 'production',
        crl: { kind: 'http', url: 'https://va.example/crl', access: {} },
        ocsp: { url: 'https://va.example/ocsp', access: {} },
        linkage: { url: 'https://va.example/linkage', access: {}, tenant: 'watashi' },
      })
      expect(config.revocation).toEqual({
        crlMaximumAge: 36 * 3_600_000,
        ocspMaximumAge: 24 * 3_600_000,
        refreshEvery: 600_000,
        recheckEvery: 6 * 3_600_000,
      })
    })

    test('takes a folder of lists instead, which is looked at as often as the monitor comes', () => {
      const { CRL_URL: _, OCSP_URL: __, ...others } = whole
      const config = readConfig({ ...others, CRL_DROP_DIR: '/var/crl', CRL_MAX_AGE_HOURS: '48' })
      expect(config.identity).toMatchObject({ crl: { kind: 'folder', folder: '/var/crl' } })
      expect(config.revocation).toMatchObject({ refreshEvery: 0, crlMaximumAge: 48 * 3_600_000 })
    })

    test('takes for each service the files with what it wants to be shown', () => {
      const { identity } = readConfig({
        ...whole,
        CRL_CLIENT_CERT_FILE: '/etc/va.pem',
        CRL_CLIENT_KEY_FILE: '/etc/va.key.pem',
        OCSP_TOKEN_FILE: '/etc/token',
        LINKAGE_BASIC_FILE: '/etc/basic',
        LINKAGE_CA_FILE: '/etc/ca.pem',
      })
      expect(identity).toMatchObject({
        crl: { access: { CLIENT_CERT_FILE: '/etc/va.pem', CLIENT_KEY_FILE: '/etc/va.key.pem' } },
        ocsp: { access: { TOKEN_FILE: '/etc/token' } },
        linkage: { access: { BASIC_FILE: '/etc/basic', CA_FILE: '/etc/ca.pem' } },
      })
    })

    test('tells everything that is missing at once, that of other places as well', () => {
      const told = refusal({ TRUST_ENVIRONMENT: 'production', HTTP_PORT: 'http' })
      for (const name of [
        'ISSUER',
        'CRL_URL',
        'CRL_DROP_DIR',
        'LINKAGE_URL',
        'RP_DIR',
        'HTTP_PORT',
      ]) {
        expect(told).toContain(`\`${name}\``)
      }
      const also = () => readConfig({ TRUST_ENVIRONMENT: 'production' }, () => ['no anchors'])
      expect(also).toThrow(/`ISSUER`[^]*no anchors/)
      expect(() => readConfig(whole, () => ['no anchors'])).toThrow(/^no anchors$/)
    })

    test.each([
      [{ ...whole, CRL_DROP_DIR: '/var/crl' }, 'CRL_DROP_DIR'],
      [{ ...whole, LINKAGE_URL: 'http://va.example/linkage' }, 'LINKAGE_URL'],
      [{ ...whole, CRL_URL: 'nonsense' }, 'CRL_URL'],
      [{ ...whole, OCSP_URL: 'ftp://va.example' }, 'OCSP_URL'],
      [{ ...whole, CRL_MAX_AGE_HOURS: '0' }, 'CRL_MAX_AGE_HOURS'],
      [{ ...whole, RECHECK_SECONDS: 'daily' }, 'RECHECK_SECONDS'],
      [{ ...whole, AGENT_PORT: '0' }, 'AGENT_PORT'],
      [{ ...whole, SAMPLES: '1' }, 'SAMPLES'],
      [{ ...whole, OCSP_URL: 'https://user:word@va.example' }, 'OCSP_URL'],
      [{ ...whole, CRL_CLIENT_CERT_FILE: 'va.pem' }, 'CRL_CLIENT_KEY_FILE'],
      [{ ...whole, CRL_CLIENT_KEY_FILE: 'va.key.pem' }, 'CRL_CLIENT_CERT_FILE'],
      [{ ...whole, OCSP_TOKEN_FILE: 't', OCSP_BASIC_FILE: 'b' }, 'OCSP_BASIC_FILE'],
      [{ ...whole, OCSP_URL: '', OCSP_TOKEN_FILE: 't' }, 'OCSP_TOKEN_FILE'],
      [{ ...whole, LINKAGE_URL: 'http://127.0.0.1/l', LINKAGE_CA_FILE: 'ca' }, 'LINKAGE_CA_FILE'],
      [{ LINKAGE_TOKEN_FILE: 't' }, 'LINKAGE_TOKEN_FILE'],
      [{ CRL_URL: 'https://va.example/crl' }, 'CRL_URL'],
      [{ LINKAGE_TENANT: 'us' }, 'LINKAGE_TENANT'],
    ])('stops the start on %j and names the variable', (environment, variable) => {
      expect(refusal(environment)).toContain(`\`${variable}`)
    })
  })

  test('asks the machine with the reader for nothing of the product but its address', () => {
    expect(readCardClient({})).toMatchObject({ issuer: 'http://localhost:8080', agentPort: 8090 })
    const issuer = 'https://id.example'
    expect(readCardClient({ TRUST_ENVIRONMENT: 'jpki-test', ISSUER: issuer })).toMatchObject({
      issuer,
      trustEnvironment: 'jpki-test',
    })
    const refused = () => readCardClient({ TRUST_ENVIRONMENT: 'production', AGENT_PORT: 'x' })
    expect(refused).toThrow(/`ISSUER`[^]*`AGENT_PORT`/)
  })

  test('tells a command where things are without asking for what a start needs', () => {
    expect(readPlaces({ TRUST_ENVIRONMENT: 'production', DATA_DIR: '/data' })).toEqual({
      trustEnvironment: 'production',
      dataDir: '/data',
      keysDir: '/data/keys',
    })
    expect(() => readPlaces({ TRUST_ENVIRONMENT: 'prod' })).toThrow('`TRUST_ENVIRONMENT`')
  })
})
