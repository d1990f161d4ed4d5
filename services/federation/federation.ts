import type { ConsentCeremonyPort, SessionPort } from '../authenticator/ports.ts'
import type { UnitOfWork } from '../database/unit-of-work.ts'
import type { ConsumerDefinition } from '../eventlog/consumer.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Random } from '../kernel/random.ts'
import type { PolicyPort } from '../policy/ports.ts'
import type { WalletPort } from '../wallet/ports.ts'
import type { SignaturePort } from '../proofing/ports.ts'
import { Assurance } from './assurance.ts'
import { ChangeNotifier } from './change-notifier.ts'
import { InteractionBook } from './interaction-book.ts'
import { Interactions } from './interactions.ts'
import { PositionSealer } from './position.ts'
import { Registry } from './registry.ts'
import { Requests } from './requests.ts'
import { FederationStore } from './store.ts'
import { watchConsumer } from './worker.ts'

export interface FederationDependencies {
  readonly unitOfWork: UnitOfWork
  readonly policy: PolicyPort
  readonly wallet: WalletPort
  readonly sessions: SessionPort
  readonly ceremonies: ConsentCeremonyPort
  readonly signatures: SignaturePort
  readonly clock: Clock
  readonly random: Random
  /** Origin of our pages, without a path. */
  readonly origin: () => string
}

/** The federation of one process: what relying parties and persons can ask of it. */
export interface Federation {
  /** Which relying parties may call gRPC, and by which keys (`CallerDirectory`). */
  readonly registry: Registry
  readonly requests: Requests
  readonly assurance: Assurance
  readonly interactions: Interactions
  readonly origin: () => string
  /** `federation.watch`: run it where consumers run. */
  readonly consumer: ConsumerDefinition
  /** Closes what is overdue, forgets what is old; run it every minute or so. */
  sweep(): Promise<void>
}

export function createFederation(deps: FederationDependencies): Federation {
  const { unitOfWork, random } = deps
  const store = new FederationStore(unitOfWork)
  const notifier = new ChangeNotifier()
  const registry = new Registry(unitOfWork, store)
  const book = new InteractionBook({ ...deps, store, notifier })
  const shared = { ...deps, store, notifier, registry, book }
  let sealer: Promise<PositionSealer> | undefined
  const loadSealer = async (): Promise<PositionSealer> => {
    const fresh = random.bytes(32)
    const key = await unitOfWork.run((tx) => store.key(tx, 'position', fresh))
    return new PositionSealer(key, random)
  }
  return {
    registry,
    requests: new Requests(shared),
    assurance: new Assurance(shared, () => (sealer ??= loadSealer())),
    interactions: new Interactions(shared),
    origin: deps.origin,
    consumer: watchConsumer(shared),
    sweep: () => book.sweep(),
  }
}
