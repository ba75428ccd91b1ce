import { ServingError } from '@serving/common';

/** Bytes of the largest message, given in MiB from 1 to 512. @throws ServingError CONFIG_INVALID */
export function messageBytes(maxMessageMb: number): number {
  if (maxMessageMb >= 1 && maxMessageMb <= 512) return Math.floor(maxMessageMb * 2 ** 20);
  throw new ServingError(
    'CONFIG_INVALID',
    `maxMessageMb: expected a number from 1 to 512, given ${maxMessageMb}`,
  );
}
