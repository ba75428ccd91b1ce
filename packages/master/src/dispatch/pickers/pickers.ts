/** The policies to choose from, by name. A new one is a file beside this one and a line here. */
import { pickFewestInFlight } from './fewest-in-flight.js';
import { createPowerOfTwo } from './power-of-two.js';
import type { ReplicaPicker } from './replica-picker.js';
import { createRoundRobin } from './round-robin.js';

/** Each servable version has a picker of its own. */
export const pickers = {
  'fewest-in-flight': () => pickFewestInFlight,
  'round-robin': createRoundRobin,
  'power-of-two': () => createPowerOfTwo(Math.random),
} as const satisfies Record<string, () => ReplicaPicker>;

export type PickerName = keyof typeof pickers;

export const pickerNames = Object.keys(pickers) as PickerName[];
