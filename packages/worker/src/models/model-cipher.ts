/**
 * Encrypted model files: a nonce, the encrypted bytes, and with AES-GCM a tag of 16 bytes that shows whether anybody has
 * changed them. The nonce has 12 bytes with AES-GCM and 16 with AES-CBC, which pads as PKCS #7 says.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { firstLine, ServingError } from '@serving/common';
import type { DecryptionSettings } from '../definition/definition.js';

type Mode = DecryptionSettings['mode'];

const nonceBytes: Readonly<Record<Mode, number>> = { 'AES-GCM': 12, 'AES-CBC': 16 };
const tagBytes = 16;
const keyBytes = [16, 24, 32];

export function encryptModel(model: Uint8Array, mode: Mode, key: Uint8Array): Uint8Array {
  const nonce = randomBytes(nonceBytes[mode]);
  if (mode === 'AES-CBC') {
    const cipher = createCipheriv(`aes-${key.length * 8}-cbc` as 'aes-256-cbc', key, nonce);
    return Buffer.concat([nonce, cipher.update(model), cipher.final()]);
  }
  const cipher = createCipheriv(`aes-${key.length * 8}-gcm` as 'aes-256-gcm', key, nonce);
  return Buffer.concat([nonce, cipher.update(model), cipher.final(), cipher.getAuthTag()]);
}

/** @throws ServingError LOAD_FAILED when the key is not the one it was encrypted with, or the file was changed */
export function decryptModel(file: Uint8Array, mode: Mode, key: Uint8Array, shownAs: string): Uint8Array {
  const [nonceEnd, end] = [nonceBytes[mode], mode === 'AES-GCM' ? file.length - tagBytes : file.length];
  if (end <= nonceEnd)
    throw loadFailed(
      `model ${shownAs}: expected a file encrypted with ${mode}, given ${file.length} bytes only`,
    );
  const nonce = file.subarray(0, nonceEnd);
  const encrypted = file.subarray(nonceEnd, end);
  try {
    if (mode === 'AES-CBC') {
      const decipher = createDecipheriv(`aes-${key.length * 8}-cbc` as 'aes-256-cbc', key, nonce);
      return Buffer.concat([decipher.update(encrypted), decipher.final()]);
    }
    const decipher = createDecipheriv(`aes-${key.length * 8}-gcm` as 'aes-256-gcm', key, nonce);
    decipher.setAuthTag(file.subarray(end));
    return Buffer.concat([decipher.update(encrypted), decipher.final()]);
  } catch (cause) {
    throw loadFailed(
      `model ${shownAs} cannot be decrypted: expected a file encrypted with ${mode} and this key, as \`serving-worker encrypt\` does it`,
      cause,
    );
  }
}

/** @throws ServingError LOAD_FAILED when there is no such key or it is none; its value is in no message */
export function readKey(source: DecryptionSettings['key']): Uint8Array {
  const { text, where } = keyText(source);
  const key = /^(?:[\da-f]{2})+$/i.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64');
  if (keyBytes.includes(key.length) && isWhole(text, key)) return key;
  throw loadFailed(
    `the key in ${where}: expected ${keyBytes.join(', ')} bytes in base64 or hexadecimal, given ${text.length} characters that are not`,
  );
}

/** Node skips what is no base64 in silence. */
function isWhole(text: string, key: Buffer): boolean {
  const [hex, base64] = [key.toString('hex'), key.toString('base64')];
  return text.toLowerCase() === hex || text.replaceAll('=', '') === base64.replaceAll('=', '');
}

function keyText(source: DecryptionSettings['key']): { text: string; where: string } {
  if ('env' in source) {
    const text = process.env[source.env];
    if (text === undefined || text === '')
      throw loadFailed(`the environment variable ${source.env}: expected the key of a model, given nothing`);
    return { text: text.trim(), where: `the environment variable ${source.env}` };
  }
  try {
    return { text: readFileSync(source.file, 'utf8').trim(), where: `the file ${source.file}` };
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? firstLine(cause);
    throw loadFailed(`the key of a model cannot be read from the file ${source.file}: ${code}`, cause);
  }
}

function loadFailed(message: string, cause?: unknown): ServingError {
  return new ServingError('LOAD_FAILED', message, { cause });
}
