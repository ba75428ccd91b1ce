/** Operators on texts, and those on anything that take texts too. */
import { elementTypes, type OnnxGraph, type OnnxNode } from '../../../examples/onnx-writer.js';
import {
  across,
  constant,
  constantTexts,
  graph,
  input,
  op,
  texts,
  type Operand,
  type OperatorCase,
} from '../case.js';
import { everything, isFloat, isUnsigned } from '../element-types.js';
import { between, exactly, theTexts } from '../values.js';

const indices = (...values: number[]) => constant('int64', [values.length], exactly(values));
const scalar = (value: number) => constant('int64', [], exactly([value]));

type Options = Omit<Parameters<typeof op>[2], 'inputs'>;

/** Of an operator that takes or gives texts; unless told otherwise it gives one output of them. */
const text = (operator: string, inputs: readonly Operand[], options: Options = {}) =>
  op(operator, 'string', { inputs, ...options });

const views: OperatorCase[] = [
  text('Identity', [texts([5, 3])]),
  text('Identity', [texts([])], { variant: 'one_text' }),
  text('Identity', [texts([0])], { variant: 'no_texts' }),
  text('Identity', [texts([2, 3], undefined, [4, 1])], { variant: 'other_shape' }),
  text('Reshape', [texts([5, 6]), indices(3, -1)]),
  text('Flatten', [texts([2, 3, 5])], { attributes: { axis: { int: 2 } } }),
  text('Squeeze', [texts([1, 5, 1, 3]), indices(0, 2)]),
  text('Squeeze', [texts([1, 1])], { variant: 'to_scalar' }),
  text('Unsqueeze', [texts([5, 3]), indices(0, -1)]),
  text('Unsqueeze', [texts([]), indices(0)], { variant: 'scalar' }),
  text('Shape', [texts([5, 3], undefined, [2, 7])], { outputs: ['int64'] }),
  text('Size', [texts([5, 3], undefined, [2, 7])], { outputs: ['int64'] }),
  text('Transpose', [texts([2, 3, 5])], { attributes: { perm: { ints: [2, 0, 1] } } }),
  text('ReverseSequence', [texts([5, 3]), input('int64', [3], exactly([1, 5, 3], [2, 4, 1]))], {
    attributes: { batch_axis: { int: 1 }, time_axis: { int: 0 } },
  }),
];

const joinsAndCuts: OperatorCase[] = [
  text('Concat', [texts([3, 5]), texts([3, 2])], { attributes: { axis: { int: -1 } } }),
  text('Split', [texts([7, 3]), indices(2, 4, 1)], { outputs: ['string', 'string', 'string'] }),
  text('Expand', [texts([3, 1]), input('int64', [2], exactly([1, 4], [3, 5]))]),
  text('Tile', [texts([3, 2]), input('int64', [2], exactly([2, 1], [1, 3]))]),
  text('Slice', [texts([5, 7]), indices(1, 6), indices(5, 0), indices(0, 1), indices(2, -3)]),
  text('Slice', [texts([5, 7]), indices(3), indices(3), indices(1)], { variant: 'no_elements' }),
  graph('Constant', 'string', {
    inputs: [texts([2, 3])],
    nodes: [
      {
        operator: 'Constant',
        inputs: [],
        outputs: ['c'],
        attributes: {
          value: { tensor: { name: 'value', dtype: 'string', shape: [1, 3], data: ['é', '', 'b'] } },
        },
      },
      { operator: 'Concat', inputs: ['x0', 'c'], outputs: ['y0'], attributes: { axis: { int: 0 } } },
    ],
  }),
];

const selections: OperatorCase[] = [
  ...(['int32', 'int64'] as const).map((index) =>
    text('Gather', [texts([5, 3]), input(index, [2, 2], between(-5, 5))], { variant: index }),
  ),
  text('GatherElements', [texts([5, 3]), input('int64', [5, 2], between(-3, 3))], {
    attributes: { axis: { int: 1 } },
  }),
  text('GatherND', [texts([5, 3, 3]), input('int64', [4, 2], between(0, 3))]),
  text('Compress', [texts([3, 5]), input('bool', [3], exactly([1, 0, 1], [0, 1, 0]))], {
    attributes: { axis: { int: 0 } },
  }),
  text('ArrayFeatureExtractor', [texts([3, 5]), input('int64', [2], between(0, 5))], {
    domain: 'ai.onnx.ml',
  }),
  ...(['Scatter', 'ScatterElements'] as const).map((operator) =>
    text(
      operator,
      [texts([4, 3]), input('int64', [2, 3], exactly([0, 1, 2, 3, 2, 1], [3, 3, 0, 1, 0, 2])), texts([2, 3])],
      operator === 'Scatter' ? { operatorSet: 9 } : {},
    ),
  ),
  text('ScatterND', [texts([5, 3]), input('int64', [2, 1], exactly([0, 4], [2, 1])), texts([2, 3])]),
  text('OneHot', [
    input('int64', [5], between(-4, 4)),
    scalar(4),
    texts([2], theTexts(['off', 'on'], ['', 'é'])),
  ]),
  text('Where', [input('bool', [3, 1], exactly([1, 0, 1], [0, 0, 1])), texts([3, 5]), texts([5])]),
  text('Unique', [texts([35])], { outputs: ['string', 'int64', 'int64', 'int64'] }),
  text('Unique', [texts([9, 2], theTexts('abcababcabbaabcbac'.split(''), 'bbbbaabbaaabbabbab'.split('')))], {
    variant: 'rows',
    outputs: ['string', 'int64', 'int64', 'int64'],
    attributes: { axis: { int: 0 }, sorted: { int: 0 } },
  }),
];

const comparisons: OperatorCase[] = [
  text('Equal', [texts([5, 3]), texts([3])], { outputs: ['bool'] }),
  text('RegexFullMatch', [texts([5, 7])], {
    outputs: ['bool'],
    attributes: { pattern: { string: '[a-z]+|é|.\\s.*' } },
  }),
  text('MurmurHash3', [texts([5, 3])], { domain: 'com.microsoft', outputs: ['uint32'] }),
];

const phrases = theTexts(['a b', ' c  d ', '', 'é,名 前', 'x,y,z'], [',', 'a,b c', '\ufeff,', ' ', 'end']);

const textOperators: OperatorCase[] = [
  text('StringConcat', [texts([5, 3]), texts([3])]),
  text('StringSplit', [texts([5], phrases)], { outputs: ['string', 'int64'] }),
  text('StringSplit', [texts([5], phrases)], {
    variant: 'delimiter',
    outputs: ['string', 'int64'],
    attributes: { delimiter: { string: ',' }, maxsplit: { int: 1 } },
  }),
  ...(['LOWER', 'UPPER'] as const).map((action) =>
    text('StringNormalizer', [texts([1, 7])], {
      variant: action,
      // The one locale that every system has.
      attributes: { case_change_action: { string: action }, locale: { string: 'C' } },
    }),
  ),
  text('StringNormalizer', [texts([4], theTexts(['The', 'the', 'cat', ''], ['THE', 'é', 'The', 'the']))], {
    variant: 'stopwords',
    attributes: {
      stopwords: { strings: ['the', 'é'] },
      is_case_sensitive: { int: 1 },
      locale: { string: 'C' },
    },
  }),
  text('Tokenizer', [texts([5], phrases)], {
    domain: 'com.microsoft',
    attributes: {
      mark: { int: 1 },
      separators: { strings: [' ', ','] },
      pad_value: { string: '#' },
      mincharnum: { int: 1 },
    },
  }),
  text('TfIdfVectorizer', [texts([5], theTexts('abcab'.split(''), 'bbaab'.split('')))], {
    outputs: ['float32'],
    attributes: {
      mode: { string: 'TFIDF' },
      min_gram_length: { int: 1 },
      max_gram_length: { int: 2 },
      max_skip_count: { int: 1 },
      ngram_counts: { ints: [0, 2] },
      ngram_indexes: { ints: [0, 1, 2] },
      pool_strings: { strings: ['a', 'b', 'a', 'b'] },
      weights: { floats: [0.5, 1.25, 2] },
    },
  }),
];

const labels = { strings: ['a', 'é', ''] };
const numbers = { ints: [5, -6, 7] };

const learning: OperatorCase[] = [
  text('LabelEncoder', [texts([5, 3])], {
    variant: 'to_int64',
    domain: 'ai.onnx.ml',
    outputs: ['int64'],
    attributes: { keys_strings: labels, values_int64s: numbers, default_int64: { int: -1 } },
  }),
  text('LabelEncoder', [texts([5, 3])], {
    variant: 'to_float32',
    domain: 'ai.onnx.ml',
    outputs: ['float32'],
    attributes: { keys_strings: labels, values_floats: { floats: [0.5, -1.5, 3] } },
  }),
  text('LabelEncoder', [texts([5, 3])], {
    variant: 'to_string',
    domain: 'ai.onnx.ml',
    attributes: { keys_strings: labels, values_strings: { strings: ['名前', 'b', 'nothing'] } },
  }),
  text('LabelEncoder', [input('int64', [7], between(-7, 8))], {
    variant: 'from_int64',
    domain: 'ai.onnx.ml',
    attributes: { keys_int64s: numbers, values_strings: labels, default_string: { string: '?' } },
  }),
  text('CategoryMapper', [texts([5, 3])], {
    variant: 'to_int64',
    domain: 'ai.onnx.ml',
    outputs: ['int64'],
    attributes: { cats_strings: labels, cats_int64s: numbers, default_int64: { int: -1 } },
  }),
  text('CategoryMapper', [input('int64', [7], between(-7, 8))], {
    variant: 'from_int64',
    domain: 'ai.onnx.ml',
    attributes: { cats_strings: labels, cats_int64s: numbers, default_string: { string: '?' } },
  }),
  text('OneHotEncoder', [texts([7])], {
    domain: 'ai.onnx.ml',
    outputs: ['float32'],
    attributes: { cats_strings: labels, zeros: { int: 1 } },
  }),
  text('LinearClassifier', [input('float32', [4, 2], between(-3, 3))], {
    domain: 'ai.onnx.ml',
    outputs: ['string', 'float32'],
    attributes: {
      classlabels_strings: labels,
      coefficients: { floats: [1, 2, -3, 4, 0.5, -2] },
      intercepts: { floats: [0, 1, 0.5] },
    },
  }),
  text('TreeEnsembleClassifier', [input('float32', [4, 1], between(-3, 3))], {
    domain: 'ai.onnx.ml',
    outputs: ['string', 'float32'],
    attributes: {
      classlabels_strings: { strings: ['é', 'b'] },
      nodes_treeids: { ints: [0, 0, 0] },
      nodes_nodeids: { ints: [0, 1, 2] },
      nodes_featureids: { ints: [0, 0, 0] },
      nodes_modes: { strings: ['BRANCH_LEQ', 'LEAF', 'LEAF'] },
      nodes_values: { floats: [0, 0, 0] },
      nodes_truenodeids: { ints: [1, 0, 0] },
      nodes_falsenodeids: { ints: [2, 0, 0] },
      class_treeids: { ints: [0, 0] },
      class_nodeids: { ints: [1, 2] },
      class_ids: { ints: [0, 1] },
      class_weights: { floats: [1, 1] },
    },
  }),
];

const wholeNumbers = theTexts(['0', '1', '7', '120'], ['1', '0', '99', '3']);
const signedNumbers = theTexts(['0', '-1', '7', '-120'], ['1', '0', '-99', '3']);
const decimals = theTexts(['0', '-1.5', '1e-3', 'NaN'], ['-INF', '65504', '0.1', '3']);
const bits = theTexts(['0', '1'], ['1', '1']);

const casts: OperatorCase[] = [
  ...across(everything, (dtype) =>
    op('Cast', dtype, {
      variant: 'string',
      inputs: [input(dtype, [5, 7])],
      outputs: ['string'],
      attributes: { to: { int: elementTypes.string } },
    }),
  ),
  ...everything.map((dtype) => {
    const numerals = isFloat(dtype) ? decimals : isUnsigned(dtype) ? wholeNumbers : signedNumbers;
    return op('Cast', 'string', {
      variant: dtype,
      inputs: [dtype === 'bool' ? texts([2], bits) : texts([4], numerals)],
      outputs: [dtype],
      attributes: { to: { int: elementTypes[dtype] } },
    });
  }),
  text('CastLike', [input('float32', [5, 7]), constantTexts([1], theTexts(['like']))]),
];

function branch(name: string, inputs: readonly string[]): OnnxGraph {
  return {
    name,
    inputs: [],
    outputs: [{ name, dtype: 'string' }],
    nodes: [{ operator: 'StringConcat', inputs, outputs: [name] }],
  };
}

/** A turn puts the text behind what there is, which it hands on and shows. */
const turn: OnnxGraph = {
  name: 'turn',
  inputs: [
    { name: 'count', dtype: 'int64', shape: [] },
    { name: 'again', dtype: 'bool', shape: [] },
    { name: 'state', dtype: 'string', shape: [3] },
  ],
  outputs: [
    { name: 'go_on', dtype: 'bool', shape: [] },
    { name: 'next', dtype: 'string', shape: [3] },
    { name: 'shown', dtype: 'string', shape: [3] },
  ],
  nodes: [
    { operator: 'Identity', inputs: ['again'], outputs: ['go_on'] },
    { operator: 'StringConcat', inputs: ['state', 'x1'], outputs: ['next'] },
    { operator: 'Identity', inputs: ['next'], outputs: ['shown'] },
  ],
};

const along = { axis: { int: 0 } };
const joined = (sequence: string): OnnxNode => ({
  operator: 'ConcatFromSequence',
  inputs: [sequence],
  outputs: ['y0'],
  attributes: along,
});

const control: OperatorCase[] = [
  graph('If', 'string', {
    inputs: [input('bool', [], exactly([1], [0])), texts([3, 5]), texts([5])],
    nodes: [
      {
        operator: 'If',
        inputs: ['x0'],
        outputs: ['y0'],
        attributes: {
          then_branch: { graph: branch('one', ['x1', 'x2']) },
          else_branch: { graph: branch('other', ['x2', 'x1']) },
        },
      },
    ],
  }),
  graph('Loop', 'string', {
    inputs: [input('int64', [], exactly([3], [4])), texts([3]), constant('bool', [], exactly([1]))],
    outputs: ['string', 'string'],
    nodes: [
      {
        operator: 'Loop',
        inputs: ['x0', 'c2', 'x1'],
        outputs: ['y0', 'y1'],
        attributes: { body: { graph: turn } },
      },
    ],
  }),
  graph('SequenceAt', 'string', {
    inputs: [texts([3]), texts([3]), input('int64', [], exactly([0], [1]))],
    nodes: [
      { operator: 'SequenceConstruct', inputs: ['x0', 'x1'], outputs: ['s'] },
      { operator: 'SequenceAt', inputs: ['s', 'x2'], outputs: ['y0'] },
    ],
  }),
  graph('ConcatFromSequence', 'string', {
    inputs: [texts([3, 2]), texts([1, 2]), scalar(0)],
    outputs: ['string', 'int64'],
    nodes: [
      { operator: 'SequenceConstruct', inputs: ['x0', 'x0'], outputs: ['s'] },
      { operator: 'SequenceInsert', inputs: ['s', 'x1', 'c2'], outputs: ['longer'] },
      joined('longer'),
      { operator: 'SequenceLength', inputs: ['longer'], outputs: ['y1'] },
    ],
  }),
  graph('SplitToSequence', 'string', {
    inputs: [texts([5, 2]), scalar(2), scalar(0)],
    nodes: [
      { operator: 'SplitToSequence', inputs: ['x0', 'c1'], outputs: ['s'], attributes: along },
      { operator: 'SequenceErase', inputs: ['s', 'c2'], outputs: ['shorter'] },
      joined('shorter'),
    ],
  }),
];

export const stringCases: OperatorCase[] = [
  ...views,
  ...joinsAndCuts,
  ...selections,
  ...comparisons,
  ...textOperators,
  ...learning,
  ...casts,
  ...control,
];
