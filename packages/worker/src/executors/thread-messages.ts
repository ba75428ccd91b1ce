/** What the main thread and an executor thread say to each other. Frames are transferred, never copied. */
import type { ErrorCode, MethodSignature } from '@serving/common';
import type { LoadRequest } from '../servables/load-servable.js';
import type { Origin } from '../servables/origin.js';
import type { InstanceRange } from './batch-work.js';

/** Given to the thread when it starts. */
export interface ThreadStart {
  readonly load: LoadRequest;
  readonly control: SharedArrayBuffer;
  /** Longest time a promise of a stage may take, in milliseconds. */
  readonly executionTimeoutMs: number;
  /** Whether anybody reads what stages have thrown. */
  readonly reportsThrown: boolean;
}

export type ToThread =
  | {
      readonly kind: 'batch';
      readonly batchId: number;
      readonly frame: ArrayBuffer;
      /** How long it has been at the worker, in milliseconds. */
      readonly waitedMs: number;
    }
  /** Nobody waits for these instances of the batch any more, but somebody for others. */
  | { readonly kind: 'cancel'; readonly batchId: number; readonly instances: InstanceRange }
  | { readonly kind: 'stop' };

/** The servable is loaded: batches may come. */
export interface ReadyMessage {
  readonly kind: 'ready';
  readonly signatures: readonly MethodSignature[];
  /** What it was loaded from. */
  readonly origin: Origin;
}

/** A reply of a streaming method, while its batch runs. */
export interface ReplyMessage {
  readonly kind: 'reply';
  readonly batchId: number;
  readonly frame: ArrayBuffer;
}

/** The other replies of a batch; the executor is free again. */
export interface DoneMessage {
  readonly kind: 'done';
  readonly batchId: number;
  readonly frames: readonly ArrayBuffer[];
  /** Instances that have had their final reply: by these frames, or before. */
  readonly answered: number;
  /** Whether it took as long as such batches do. */
  readonly isWhole: boolean;
  /** Why the others have no answer. */
  readonly error?: { readonly code: ErrorCode; readonly message: string };
}

/** What a stage has thrown, for whoever debugs it. */
export interface ThrownMessage {
  readonly kind: 'thrown';
  readonly batchId: number;
  readonly method: string;
  /** What the caller was told; it names the stage. */
  readonly message: string;
  readonly stack: string;
}

export type FromThread =
  | ReadyMessage
  | {
      readonly kind: 'load-failed';
      readonly code: ErrorCode;
      readonly message: string;
      readonly stack: string | undefined;
    }
  | ReplyMessage
  | DoneMessage
  | ThrownMessage
  /** A promise that a stage has left rejected. */
  | { readonly kind: 'stray'; readonly reason: string; readonly stack: string; readonly leftOut: number }
  /** A cause that is for the log only, under the id the caller was given. */
  | { readonly kind: 'fault'; readonly errorId: string; readonly cause: string };
