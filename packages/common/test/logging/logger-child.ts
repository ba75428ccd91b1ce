/** Run by logger.test.ts as a process of its own: logs and exits in the same turn. */
import { createLogger } from '../../src/logging/logger.js';

const logger = createLogger('serving-test', 'info');
logger.debug('not at this level');
logger.info({ count: 1 }, 'first');
logger.child({ component: 'part' }).fatal('last');
process.exit(7);
