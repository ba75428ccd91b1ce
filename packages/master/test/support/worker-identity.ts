/** A worker as it names itself. */
import type { WorkerIdentity } from '@serving/common';

export const worker: WorkerIdentity = {
  workerId: 'w',
  incarnation: '1',
  deviceType: 'cpu',
  deviceId: 0,
  host: 'here',
  pid: 1,
  release: '',
};
