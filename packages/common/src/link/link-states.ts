/** The states of both sides of a link, as data; docs/cluster.md draws them. */

/** State → event → next state. A state without events is final. */
export type Transitions<State extends string> = Readonly<Record<State, Readonly<Record<string, State>>>>;

export type WorkerLinkState = 'connecting' | 'registered' | 'backing-off' | 'draining' | 'refused' | 'closed';

/** A worker's link to its master. */
export const workerLinkTransitions = {
  connecting: { welcomed: 'registered', failed: 'backing-off', refused: 'refused', close: 'closed' },
  registered: { drain: 'draining', broken: 'backing-off', refused: 'refused', close: 'closed' },
  'backing-off': { retry: 'connecting', close: 'closed' },
  draining: { drained: 'closed', broken: 'closed', close: 'closed' },
  refused: {},
  closed: {},
} as const satisfies Transitions<WorkerLinkState>;

export type RegistrationState = 'joining' | 'live' | 'ended';

/** A registration, as the master keeps it. */
export const registrationTransitions = {
  joining: {
    attached: 'live',
    unattached: 'ended',
    broken: 'ended',
    expired: 'ended',
    left: 'ended',
    replaced: 'ended',
    stopped: 'ended',
  },
  live: { broken: 'ended', expired: 'ended', left: 'ended', replaced: 'ended', stopped: 'ended' },
  ended: {},
} as const satisfies Transitions<RegistrationState>;

export type ReplicaLifeState = 'loading' | 'available' | 'draining' | 'gone';

/** A replica, as the master keeps it; only `available` ones get batches. */
export const replicaTransitions = {
  loading: { loaded: 'available', drain: 'draining', withdrawn: 'gone', lost: 'gone' },
  available: { unavailable: 'loading', drain: 'draining', withdrawn: 'gone', lost: 'gone' },
  draining: { withdrawn: 'gone', lost: 'gone' },
  gone: {},
} as const satisfies Transitions<ReplicaLifeState>;

type EventOf<Table> = { [State in keyof Table]: keyof Table[State] }[keyof Table] & string;

/** Where something is in a table of transitions. Events that mean nothing in a state leave it as it is. */
export class StateMachine<State extends string, Table extends Transitions<State>> {
  readonly #table: Table;
  readonly #onChange: (from: State, to: State, event: string) => void;
  #state: State;

  constructor(
    table: Table,
    initial: State,
    onChange: (from: State, to: State, event: string) => void = () => undefined,
  ) {
    this.#table = table;
    this.#state = initial;
    this.#onChange = onChange;
  }

  get state(): State {
    return this.#state;
  }

  /** Whether nothing can happen any more. */
  get isFinal(): boolean {
    return Object.keys(this.#table[this.#state]).length === 0;
  }

  /** Takes the event; false when it means nothing in this state. */
  take(event: EventOf<Table>): boolean {
    const from = this.#state;
    const to = this.#table[from][event];
    if (to === undefined) return false;
    this.#state = to;
    this.#onChange(from, to, event);
    return true;
  }
}
