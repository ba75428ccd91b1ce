import { addStage, registerMethod, type Tensor } from '@serving/worker';
import { napMs } from './nap-ms.ts';

const never = new Int32Array(new SharedArrayBuffer(4));

/** Sleeps without using a core, and keeps its executor, as a run of a model on a device does. */
function nap(x: Tensor): Tensor {
  Atomics.wait(never, 0, 0, napMs);
  return x;
}

registerMethod('nap', { inputs: ['x'], outputs: ['y'] }, (x) => addStage(nap, [x]));
