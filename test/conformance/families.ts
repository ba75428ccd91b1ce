/** All cases, by family, and the servables that they are methods of. */
import type { OperatorCase } from './case.js';
import { binaryCases } from './cases/binary.cases.js';
import { controlCases } from './cases/control.cases.js';
import { convolutionCases } from './cases/convolution.cases.js';
import { learningCases } from './cases/learning.cases.js';
import { logicCases } from './cases/logic.cases.js';
import { matrixCases } from './cases/matrix.cases.js';
import { movementCases } from './cases/movement.cases.js';
import { normalisationCases } from './cases/normalisation.cases.js';
import { quantisedCases } from './cases/quantised.cases.js';
import { recurrentCases } from './cases/recurrent.cases.js';
import { reductionCases } from './cases/reductions.cases.js';
import { searchCases } from './cases/search.cases.js';
import { shapeCases } from './cases/shape.cases.js';
import { signalCases } from './cases/signal.cases.js';
import { stringCases } from './cases/strings.cases.js';
import { unaryCases } from './cases/unary.cases.js';

interface Family {
  /** The servable that has the family's cases as methods: few of them, since each is a process in the cluster. */
  readonly servable: 'elementwise' | 'layout' | 'layers';
  readonly cases: readonly OperatorCase[];
}

export const families: Readonly<Record<string, Family>> = {
  unary: { servable: 'elementwise', cases: unaryCases },
  binary: { servable: 'elementwise', cases: binaryCases },
  logic: { servable: 'elementwise', cases: logicCases },
  shape: { servable: 'layout', cases: shapeCases },
  movement: { servable: 'layout', cases: movementCases },
  search: { servable: 'layout', cases: searchCases },
  strings: { servable: 'layout', cases: stringCases },
  reductions: { servable: 'layers', cases: reductionCases },
  convolution: { servable: 'layers', cases: convolutionCases },
  normalisation: { servable: 'layers', cases: normalisationCases },
  matrix: { servable: 'layers', cases: matrixCases },
  recurrent: { servable: 'layers', cases: recurrentCases },
  quantised: { servable: 'layers', cases: quantisedCases },
  signal: { servable: 'layers', cases: signalCases },
  learning: { servable: 'layers', cases: learningCases },
  control: { servable: 'layers', cases: controlCases },
};

export const servableNames = [...new Set(Object.values(families).map(({ servable }) => servable))];

export function casesOf(servable: string): OperatorCase[] {
  return Object.values(families).flatMap((family) => (family.servable === servable ? family.cases : []));
}

interface Figures {
  readonly operators: number;
  /** Of an operator and an element type. */
  readonly pairs: number;
  readonly cases: number;
}

export function figuresOf(cases: readonly OperatorCase[]): Figures {
  const operators = new Set(cases.flatMap((each) => each.operators));
  const pairs = new Set(
    cases.flatMap((each) => each.operators.map((operator) => `${operator} ${each.dtype}`)),
  );
  return { operators: operators.size, pairs: pairs.size, cases: cases.length };
}
