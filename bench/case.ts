/** What a benchmark case is: two sides that are measured in turn, and the figures they are compared by. */
import type { LoadGenerator } from './load/load-generator.ts';
import type { ChildProcesses } from './servers/child-processes.ts';

/** What a side may use. */
export interface Bench {
  /** Length of one measured run. */
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly generator: LoadGenerator;
  /** Every process a side starts goes through here, so that none survives the bench. */
  readonly children: ChildProcesses;
  /** A folder for files between processes; deleted at the end. */
  readonly folder: string;
}

/** One measured run: values by name; undefined where this system cannot tell. May hold more than the case's figures. */
export type Measurement = Readonly<Record<string, number | undefined>>;

export interface RunningSide {
  /** Brings the side to its steady state; the result does not count. */
  warmUp(): Promise<void>;
  /** @throws WrongReply when an answer was not the expected one */
  measure(): Promise<Measurement>;
  stop(): Promise<void>;
}

export interface Side {
  /** For people, such as `grpc-js echo`. */
  readonly name: string;
  start(bench: Bench): Promise<RunningSide>;
}

export interface Figure {
  /** Key in a `Measurement`. */
  readonly name: string;
  readonly unit: string;
  /** Ratios are turned so that above 1 always speaks for ours. */
  readonly better: 'more' | 'less';
  /** What is good enough, or null where the figure is only reported. */
  readonly bar: Bar | null;
}

/** A bar on the median of the runs: a least ratio, or a most of ours, or of what ours is above the base. */
export type Bar =
  | { readonly of: 'ratio'; readonly least: number }
  | { readonly of: 'ours' | 'difference'; readonly most: number };

export interface BenchCase {
  /** As given to `--case`, or the beginning of it. */
  readonly name: string;
  /** One sentence for the table of cases. */
  readonly title: string;
  /** Length of a measured run when the command line gives none. */
  readonly seconds: number;
  readonly figures: readonly Figure[];
  readonly ours: Side;
  readonly base: Side;
}
