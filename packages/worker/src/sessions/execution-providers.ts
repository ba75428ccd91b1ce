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

/** What onnxruntime can run on, on this platform. */
export interface Backend {
  readonly name: string;
  /** Its libraries are in onnxruntime's package. */
  readonly bundled: boolean;
}

/** Why models cannot run on devices of the type here; undefined when they can. onnxruntime itself would take the CPU. */
export function missingDevice(type: DeviceType, backends: readonly Backend[]): string | undefined {
  if (backends.some(({ name }) => name === type)) return undefined;
  const known = backends.map(({ name }) => name).join(', ');
  return `onnxruntime has no device type ${type} on ${process.platform} ${process.arch}; expected one of ${known}`;
}

/** What to do about a provider whose library could not be loaded; empty for other failures. */
export function libraryAdvice(
  why: string,
  providers: readonly ExecutionProvider[],
  backends: readonly Backend[],
): string {
  if (!/failed to load (?:shared )?library/i.test(why)) return '';
  const names = providers.map((provider) => (typeof provider === 'string' ? provider : provider.name));
  const separate = backends.filter(({ name, bundled }) => !bundled && names.includes(name));
  if (separate.length === 0) return '';
  const listed = separate.map(({ name }) => name).join(' and ');
  return `; the libraries for ${listed} are not in onnxruntime's npm package: on linux x64, ONNXRUNTIME_NODE_INSTALL=cuda12 node node_modules/onnxruntime-node/script/install gets them, and they need CUDA 12 ("Devices" in docs/configuration.md)`;
}
