/**
 * Divides the credits of a replica's executors among its masters by their demand. An executor's place is free, or was
 * granted to one master as a credit, or is taken by the batch that spent the credit; the pool says when it is free again.
 */
import type { Clock } from '@serving/common';
import {
  idleCredit,
  nextInTurn,
  oldestOfOthers,
  withFewest,
  type CreditAccount,
  type Granted,
  type HeldCredit,
} from './credit-account.js';

/**
 * How long a master that demands may leave its credits unspent while another one that demands has nothing, in
 * milliseconds: one that stands still must not hold up the others.
 */
export const patienceMs = 500;

export class CreditBroker {
  readonly #clock: Clock;
  readonly #accounts = new Set<CreditAccount>();
  /** Executors with a place that nobody was granted, the longest free first. */
  readonly #free = new Set<number>();
  /** Executors whose place was granted and not taken yet. */
  readonly #granted = new Map<number, Granted>();
  readonly #lastUsers = new Map<number, CreditAccount>();
  #nextCreditId = 1;
  #isSettling = false;
  #stopWaiting: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Credits that were granted and not spent. */
  get outstanding(): number {
    return this.#granted.size;
  }

  /** Whose credits are good for `validMs` from when they are granted or renewed. It gets some once it is opened. */
  open(account: CreditAccount): void {
    this.#accounts.add(account);
    this.#tellWhetherShared();
    this.#spreadTo(account);
    this.#settle();
  }

  /** The master is gone: its credits are free again. */
  close(account: CreditAccount): void {
    if (!this.#accounts.delete(account)) return;
    for (const credit of account.held.values()) this.#release(account, credit);
    account.stopWatching?.();
    this.#tellWhetherShared();
    this.#settle();
  }

  /** The master has forgotten its credits, and what it was asked: it gets others, and is asked again. */
  replaceAll(account: CreditAccount): void {
    for (const credit of account.held.values()) this.#recall(account, credit);
    account.waiting = 0;
    if (account.isAsked) account.sink.wantDemand(true);
    this.#settle();
  }

  /** The executor can be given a batch; nothing changes when that was known. */
  placeFree(executorId: number): void {
    if (this.#granted.has(executorId)) return;
    this.#free.add(executorId);
    this.#settle();
  }

  /** It cannot any more: what was granted for it is void. */
  placeGone(executorId: number): void {
    this.#free.delete(executorId);
    this.#lastUsers.delete(executorId);
    const granted = this.#granted.get(executorId);
    if (granted === undefined) return;
    this.#recall(granted.account, granted.credit);
    this.#free.delete(executorId);
  }

  /** The executor that the credit was granted for; undefined when the credit is void. `ended` is to follow. */
  spend(account: CreditAccount, creditId: number): number | undefined {
    const credit = account.held.get(creditId);
    if (credit === undefined) return undefined;
    const { executorId } = credit;
    account.held.delete(creditId);
    this.#granted.delete(executorId);
    this.#lastUsers.set(executorId, account);
    account.batches++;
    return executorId;
  }

  /** A batch that spent a credit of the account is over. */
  ended(account: CreditAccount): void {
    account.batches--;
    this.#settle();
  }

  /** The first piece of the batch that spends the credit is here. */
  arriving(account: CreditAccount, creditId: number): void {
    const credit = account.held.get(creditId);
    if (credit !== undefined) credit.isArriving = true;
  }

  demand(account: CreditAccount, waiting: number): void {
    account.waiting = waiting;
    this.#settle();
  }

  /** The master is told that the credits it holds are good for as long as new ones. */
  renew(account: CreditAccount): void {
    const expiresAt = this.#clock.now() + account.validMs;
    for (const credit of account.held.values()) credit.expiresAt = expiresAt;
  }

  #tellWhetherShared(): void {
    const isShared = this.#accounts.size > 1;
    for (const account of this.#accounts) {
      if (account.isAsked === isShared) continue;
      account.isAsked = isShared;
      if (!isShared) account.waiting = 0;
      account.sink.wantDemand(isShared);
    }
  }

  /** A master that comes to others that do nothing gets its part of what they hold. */
  #spreadTo(account: CreditAccount): void {
    for (let idle = idleCredit(this.#accounts); idle !== undefined; idle = idleCredit(this.#accounts)) {
      if (idle.account.held.size < account.held.size + 2) return;
      this.#recall(idle.account, idle.credit);
      this.#settle();
    }
  }

  #settle(): void {
    // A master in this process spends what it is granted at once; the loop that granted it goes on with what is then.
    if (this.#isSettling) return;
    this.#isSettling = true;
    try {
      while (this.#settleOne());
    } finally {
      this.#isSettling = false;
    }
    this.#waitForUnspent();
  }

  /** False when all is as it should be. */
  #settleOne(): boolean {
    const wanting = nextInTurn(this.#accounts);
    for (const executorId of this.#free) {
      const account = wanting ?? withFewest(this.#accounts, this.#lastUsers.get(executorId));
      if (account !== undefined) this.#grant(account, executorId);
      return account !== undefined;
    }
    const spare = wanting === undefined ? undefined : (idleCredit(this.#accounts) ?? this.#unspent(wanting));
    if (spare !== undefined) this.#recall(spare.account, spare.credit);
    return spare !== undefined;
  }

  #grant(account: CreditAccount, executorId: number): void {
    const creditId = this.#nextCreditId++;
    const grantedAt = this.#clock.now();
    const expiresAt = grantedAt + account.validMs;
    const credit = { creditId, executorId, grantedAt, expiresAt, isArriving: false };
    this.#free.delete(executorId);
    this.#granted.set(executorId, { account, credit });
    account.held.set(creditId, credit);
    account.lastTurn = creditId;
    if (account.stopWatching === undefined) this.#watch(account);
    account.sink.grant(creditId, account.validMs);
  }

  #recall(account: CreditAccount, credit: HeldCredit): void {
    this.#release(account, credit);
    account.sink.recall(credit.creditId);
  }

  #release(account: CreditAccount, { creditId, executorId }: HeldCredit): void {
    account.held.delete(creditId);
    this.#granted.delete(executorId);
    this.#free.add(executorId);
  }

  /** Takes back what lapses: the master counts from a later moment, so it may only spend it and get the batch back. */
  #watch(account: CreditAccount): void {
    account.stopWatching = undefined;
    let next = Infinity;
    for (const { expiresAt, isArriving } of account.held.values())
      if (!isArriving) next = Math.min(next, expiresAt);
    if (next === Infinity) return;
    account.stopWatching = this.#clock.after(next - this.#clock.now(), () => {
      const now = this.#clock.now();
      for (const credit of account.held.values())
        if (credit.expiresAt <= now && !credit.isArriving) this.#recall(account, credit);
      this.#watch(account);
      this.#settle();
    });
  }

  /** A credit that was left unspent for so long that `wanting`, which has nothing, shall have it. */
  #unspent(wanting: CreditAccount): Granted | undefined {
    const oldest = wanting.places > 0 ? undefined : oldestOfOthers(this.#accounts, wanting);
    return oldest !== undefined && oldest.credit.grantedAt + patienceMs <= this.#clock.now()
      ? oldest
      : undefined;
  }

  #waitForUnspent(): void {
    this.#stopWaiting?.();
    this.#stopWaiting = undefined;
    const wanting = nextInTurn(this.#accounts);
    if (wanting === undefined || wanting.places > 0) return;
    const oldest = oldestOfOthers(this.#accounts, wanting);
    if (oldest === undefined) return;
    const leftMs = oldest.credit.grantedAt + patienceMs - this.#clock.now();
    this.#stopWaiting = this.#clock.after(leftMs, () => this.#settle());
  }
}
