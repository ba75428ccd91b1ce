/** What a replica keeps of one master: the credits it holds, the batches it sent for others, and what waits there. */

/** The master's end of an account. */
export interface CreditSink {
  /** @param validMs how long the credit is good for; Infinity when it does not lapse */
  grant(creditId: number, validMs: number): void;
  /** The credit is void if it was not spent. */
  recall(creditId: number): void;
  /** Whether the replica wants to be told the master's demand: while other masters have accounts too. */
  wantDemand(isWanted: boolean): void;
}

/** A credit that was granted and is not spent. */
export interface HeldCredit {
  readonly creditId: number;
  readonly executorId: number;
  readonly grantedAt: number;
  expiresAt: number;
  /** The batch that spends it has begun to arrive: it neither lapses nor is recalled. */
  isArriving: boolean;
}

export class CreditAccount {
  readonly sink: CreditSink;
  /** How long its credits are good for, in milliseconds. */
  readonly validMs: number;
  /** In the order they were granted. */
  readonly held = new Map<number, HeldCredit>();
  /** Batches that spent a credit and have not ended. */
  batches = 0;
  /** Instances that wait at the master, as it told last. */
  waiting = 0;
  /** When it was granted its last credit, as the number of that grant. */
  lastTurn = 0;
  /** Whether the master was asked to tell what waits there. */
  isAsked = false;
  /** Ends the wait for its credits to lapse. */
  stopWatching: (() => void) | undefined;

  constructor(sink: CreditSink, validMs: number) {
    this.sink = sink;
    this.validMs = validMs;
  }

  /** Something waits for which it holds no credit yet. */
  get wantsMore(): boolean {
    return this.waiting > this.held.size;
  }

  /** Credits and batches: the places of executors that it has. */
  get places(): number {
    return this.held.size + this.batches;
  }
}

/**
 * Whose turn it is among the masters that want a credit: first those that have nothing, the one that waited longest
 * before the others; then the one that has least for what waits there.
 */
export function nextInTurn(accounts: Iterable<CreditAccount>): CreditAccount | undefined {
  let best: CreditAccount | undefined;
  for (const account of accounts)
    if (account.wantsMore && (best === undefined || comesBefore(account, best))) best = account;
  return best;
}

function comesBefore(one: CreditAccount, other: CreditAccount): boolean {
  if ((one.places === 0) !== (other.places === 0)) return one.places === 0;
  // The largest average that is left after one more, as seats of a parliament are divided (D'Hondt).
  const share = one.places === 0 ? 0 : (one.places + 1) / one.waiting - (other.places + 1) / other.waiting;
  return share === 0 ? one.lastTurn < other.lastTurn : share < 0;
}

/** While nobody wants one, a credit goes where the fewest are, so that each master's first request finds one. */
export function withFewest(
  accounts: Iterable<CreditAccount>,
  lastUser: CreditAccount | undefined,
): CreditAccount | undefined {
  let best: CreditAccount | undefined;
  for (const account of accounts) {
    const isFewer = best === undefined || account.held.size < best.held.size;
    if (isFewer || (account === lastUser && account.held.size === best!.held.size)) best = account;
  }
  return best;
}

/** A credit and whose it is. */
export interface Granted {
  readonly account: CreditAccount;
  readonly credit: HeldCredit;
}

/** The credit that nobody will miss: the oldest of the idle master that holds the most. */
export function idleCredit(accounts: Iterable<CreditAccount>): Granted | undefined {
  let richest: CreditAccount | undefined;
  let credit: HeldCredit | undefined;
  for (const account of accounts) {
    if (account.waiting > 0 || account.held.size <= (richest?.held.size ?? 0)) continue;
    const oldest = oldestSpare(account);
    if (oldest === undefined) continue;
    richest = account;
    credit = oldest;
  }
  return richest === undefined ? undefined : { account: richest, credit: credit! };
}

/** The credit that was left unspent for longest by another master than `wanting`. */
export function oldestOfOthers(
  accounts: Iterable<CreditAccount>,
  wanting: CreditAccount,
): Granted | undefined {
  let oldest: Granted | undefined;
  for (const account of accounts) {
    const credit = account === wanting ? undefined : oldestSpare(account);
    if (credit !== undefined && credit.grantedAt < (oldest?.credit.grantedAt ?? Infinity))
      oldest = { account, credit };
  }
  return oldest;
}

function oldestSpare({ held }: CreditAccount): HeldCredit | undefined {
  for (const credit of held.values()) if (!credit.isArriving) return credit;
  return undefined;
}
