/** Who a worker says it is. */
export interface WorkerInfo {
  readonly workerId: string;
  /** Tells processes with the same worker id apart. */
  readonly incarnation: string;
  readonly deviceType: string;
  readonly deviceId: number;
  readonly host: string;
  readonly pid: number;
  readonly release: string;
}
