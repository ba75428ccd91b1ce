/** Who a worker says it is when it registers. */
export interface WorkerIdentity {
  /** Unique among the workers of a master. */
  readonly workerId: string;
  /** Tells processes with the same worker id apart; random. */
  readonly incarnation: string;
  readonly deviceType: string;
  readonly deviceId: number;
  readonly host: string;
  readonly pid: number;
  /** Release of its software, for people. */
  readonly release: string;
}
