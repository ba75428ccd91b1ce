import { expect, test } from '@jest/globals';
import * as authoring from '../../src/authoring/authoring.js';
import { stageMakers } from '../../src/stages/stage-makers.js';

/** Functions of the authoring module that make no stage. Classes are written large. */
const others = ['addStage', 'declareModel', 'readLabels', 'registerMethod'];

test('whatever an author can call makes a stage, or is known to be for something else', () => {
  const makers = Object.entries(authoring).filter(
    ([name, value]) => typeof value === 'function' && /^[a-z]/.test(name) && !others.includes(name),
  );
  expect(makers.map(([, maker]) => maker)).toEqual([...stageMakers]);
});
