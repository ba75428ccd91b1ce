/** Masters that are stopped after each test of the file. */
import { afterEach } from '@jest/globals';
import { createLogger } from '@serving/common';
import { Master } from '../../src/master.js';

const masters: Master[] = [];

afterEach(async () => {
  for (const master of masters.splice(0)) await master.stop(0);
});

export function newMaster(): Master {
  const master = new Master({ logger: createLogger('test', 'fatal') });
  masters.push(master);
  return master;
}
