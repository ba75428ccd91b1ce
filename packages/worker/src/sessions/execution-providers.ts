/** Devices as users name them → execution providers of onnxruntime (its documentation, "Execution Providers"). */
import { ServingError } from '@serving/common';
import type { ExecutionProvider } from '../definition/definition.js';

export const deviceTypes = ['cpu', 'cuda', 'tensorrt', 'dml', 'coreml', 'webgpu'] as const;
export type DeviceType = (typeof deviceTypes)[number];

export interface Device {
  readonly type: DeviceType;
  /** Which one of its type. On cpu it only tells workers apart. */
  readonly id: number;
}

/**
 * The providers to run a model with, the device's own first. What that one cannot run falls to the CPU, so a model with
 * a single odd operator still works.
 * @throws ServingError CONFIG_INVALID for a device that the type does not have
 */
export function executionProviders({ type, id }: Device): ExecutionProvider[] {
  if (type === 'cpu') return ['cpu'];
  if (type === 'cuda' || type === 'tensorrt' || type === 'dml') return [{ name: type, deviceId: id }, 'cpu'];
  if (id === 0) return [type, 'cpu'];
  throw new ServingError('CONFIG_INVALID', `device ${id}: expected 0, as there is one ${type} device only`);
}
