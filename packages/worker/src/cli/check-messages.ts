/** What `serving-worker check` and its thread say to each other. */
import type { ErrorCode } from '@serving/common';
import type { CorePlan } from '../executors/core-plan.js';
import type { LoadRequest } from '../servables/load-servable.js';

/** Given to the thread when it starts. */
export interface CheckStart {
  readonly load: LoadRequest;
  readonly plan: CorePlan;
  readonly control: SharedArrayBuffer;
}

/** What a servable is. */
export interface Description {
  readonly text: string;
  /** What is hardly meant as it is written. */
  readonly warnings: readonly string[];
}

export type CheckMessage =
  | { readonly kind: 'loaded' }
  | ({ readonly kind: 'described' } & Description)
  | {
      readonly kind: 'failed';
      readonly code: ErrorCode;
      readonly message: string;
      /** Of what is behind the error; for one that is our own fault. */
      readonly stack: string | undefined;
    };
