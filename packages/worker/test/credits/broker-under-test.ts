/** A broker with masters that keep their credits, and executors that a test ends batches of. */
import { ManualClock } from '../../../../test/support/manual-clock.js';
import { CreditAccount } from '../../src/credits/credit-account.js';
import { CreditBroker } from '../../src/credits/credit-broker.js';

export const validMs = 10_000;

/** A master, as the broker sees it. */
export class Holder {
  /** Credits it was granted and has neither spent nor given back, oldest first. */
  readonly credits: number[] = [];
  readonly account: CreditAccount;
  isAsked = false;
  onGrant: (creditId: number) => void = () => undefined;

  constructor(lifetimeMs = validMs) {
    this.account = new CreditAccount(
      {
        grant: (creditId) => {
          this.credits.push(creditId);
          this.onGrant(creditId);
        },
        recall: (creditId) => {
          const index = this.credits.indexOf(creditId);
          if (index === -1) throw new Error(`credit ${creditId} was recalled, which is not there`);
          this.credits.splice(index, 1);
        },
        wantDemand: (isWanted) => (this.isAsked = isWanted),
      },
      lifetimeMs,
    );
  }
}

export class BrokerUnderTest {
  readonly clock = new ManualClock();
  readonly broker = new CreditBroker(this.clock);

  /** Opens an account for a new master. */
  open(lifetimeMs?: number): Holder {
    const holder = new Holder(lifetimeMs);
    this.broker.open(holder.account);
    return holder;
  }

  free(...executorIds: readonly number[]): this {
    for (const executorId of executorIds) this.broker.placeFree(executorId);
    return this;
  }

  demand(holder: Holder, waiting: number): void {
    this.broker.demand(holder.account, waiting);
  }

  /** Spends the master's oldest credit; gives the executor. */
  spend(holder: Holder): number {
    const executorId = this.broker.spend(holder.account, holder.credits.shift()!);
    if (executorId === undefined) throw new Error('the credit is void');
    return executorId;
  }

  /** The master's batch on the executor is over, and the executor takes another. */
  end(holder: Holder, executorId: number): void {
    this.broker.ended(holder.account);
    this.broker.placeFree(executorId);
  }
}
