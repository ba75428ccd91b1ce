/** Mistakes in the names of methods, inputs and outputs: what is written from line 2 on, and the error. */
export const nameMistakes: Record<string, { readonly config: string; readonly error: string }> = {
  'method without a name': {
    config: `registerMethod('', { inputs: [], outputs: [] }, () => []);`,
    error: "s/servable_config.ts:2: registerMethod: name: expected a text, given ''",
  },
  'an input without a name': {
    config: `registerMethod('m', { inputs: ['x', 7], outputs: ['y'] }, (x) => x);`,
    error: 's/servable_config.ts:2: method m: inputs: expected names, given 7 at position 2',
  },
  'an input with an empty name': {
    config: `registerMethod('m', { inputs: { x: {}, '': {} }, outputs: ['y'] }, ({ x }) => x);`,
    error: "s/servable_config.ts:2: method m: inputs: expected names, given '' at position 2",
  },
  'a list of names with a hole': {
    config: `registerMethod('m', { inputs: ['x', , 'z'], outputs: ['y'] }, (x) => x);`,
    error: 's/servable_config.ts:2: method m: inputs: expected names, given undefined at position 2',
  },
  'a method whose name cannot be sent': {
    config: `registerMethod('m\\ud83d', { inputs: ['x'], outputs: ['y'] }, (x) => x);`,
    error:
      's/servable_config.ts:2: registerMethod: name: expected a name that can be sent, given half of a surrogate pair at position 1 of "m\\ud83d"',
  },
  'an input whose name cannot be sent': {
    config: `registerMethod('m', { inputs: ['\\udc00'], outputs: ['y'] }, (x) => x);`,
    error:
      's/servable_config.ts:2: method m: inputs: expected a name that can be sent, given half of a surrogate pair at position 0 of "\\udc00"',
  },
  'an output whose name cannot be sent': {
    config: `registerMethod('m', { inputs: ['x'], outputs: { 'a\\udc00': {} } }, (x) => ({ 'a\\udc00': x }));`,
    error:
      's/servable_config.ts:2: method m: outputs: expected a name that can be sent, given half of a surrogate pair at position 1 of "a\\udc00"',
  },
  'an output named twice': {
    config: `registerMethod('m', { inputs: ['x'], outputs: ['y', 'y'] }, (x) => [x, x]);`,
    error: "s/servable_config.ts:2: method m: outputs: 'y' is named twice",
  },
};
