/** What makes the stages that are there already. */
import { base64Decode, base64Encode } from './base64.js';
import { decodeImage } from './decode-image.js';
import { imageGeometry } from './image-geometry.js';
import { softmax } from './softmax.js';
import { argmax, topK, topLabels } from './top-k.js';

/** Functions that are to be called for a stage, and are none themselves. */
export const stageMakers: ReadonlySet<unknown> = new Set([
  argmax,
  base64Decode,
  base64Encode,
  decodeImage,
  imageGeometry,
  softmax,
  topK,
  topLabels,
]);
