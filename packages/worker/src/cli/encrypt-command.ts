/** `serving-worker encrypt`: a model file → one that only workers with the key can read. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { automaticText, choice, firstLine, loadConfig, ServingError } from '@serving/common';
import { Command } from 'commander';
import { encryptModel, readKey } from '../models/model-cipher.js';
import { isModelFile } from '../models/model-file.js';

const encryptOptions = {
  mode: choice('cipher', ['AES-GCM', 'AES-CBC'] as const, 'AES-GCM'),
  keyEnv: automaticText('environment variable that holds the key', 'name', 'none'),
  keyFile: automaticText('file that holds the key', 'path', 'none'),
} as const;

const help = `
The key is 16, 24 or 32 bytes in base64 or hexadecimal. A configuration names it the same way:
  declareModel({ file: 'model.onnx.enc', decryption: { key: { env: 'MODEL_KEY' } } })

The model itself stays as it is; the file to write has to be another one.

AES-GCM shows whether anybody has changed the file; AES-CBC does not.

Example:
  MODEL_KEY=$(openssl rand -hex 32) serving-worker encrypt model.onnx model.onnx.enc --key-env MODEL_KEY`;

/** The exit code. @throws ServingError CONFIG_INVALID or LOAD_FAILED */
export function runEncrypt(argv: readonly string[]): number {
  const command = new Command('serving-worker encrypt')
    .argument('<model>', 'ONNX file')
    .argument('<encrypted>', 'file to write')
    .description('Encrypts a model file.')
    .option('--force', 'replaces the file to write if it is there')
    .addHelpText('after', help)
    .showHelpAfterError('(serving-worker encrypt --help says more)');
  const { mode, keyEnv, keyFile } = loadConfig(command, encryptOptions, {
    argv,
    env: process.env,
    warn: () => undefined,
  });
  const [source, target] = command.args as [string, string];
  const key = readKey(keySource(keyEnv, keyFile));
  const model = attempt(`read ${source}`, () => readFileSync(source));
  if (!isModelFile(model))
    throw new ServingError(
      'CONFIG_INVALID',
      `${source}: expected an ONNX model, given ${model.length} bytes of something else; is it encrypted already?`,
    );
  checkDiffers(source, target);
  const { force = false } = command.opts<{ force?: true }>();
  if (!force && existsSync(target))
    throw new ServingError(
      'CONFIG_INVALID',
      `${target}: expected a file that is not there yet, given one that is; --force replaces it`,
    );
  // Should it come into being meanwhile, it is not replaced either.
  const flag = force ? 'w' : 'wx';
  attempt(`write ${target}`, () => writeFileSync(target, encryptModel(model, mode, key), { flag }));
  process.stdout.write(`${target}: ${source} encrypted with ${mode}, a key of ${key.length * 8} bits\n`);
  return 0;
}

/** By any name: the only plain model might be gone. */
function checkDiffers(source: string, target: string): void {
  const [one, other] = [source, target].map((path) =>
    statSync(path, { bigint: true, throwIfNoEntry: false }),
  );
  if (one === undefined || other === undefined || one.ino !== other.ino || one.dev !== other.dev) return;
  throw new ServingError(
    'CONFIG_INVALID',
    `${target}: expected a file beside the model, given the model itself, ${source}; a file that is encrypted in its place is lost with its key`,
  );
}

function keySource(env: string | undefined, file: string | undefined) {
  if (env !== undefined && file === undefined) return { env };
  if (file !== undefined && env === undefined) return { file };
  const given = env === undefined ? 'neither' : 'both';
  throw new ServingError('CONFIG_INVALID', `expected either --key-env or --key-file; given ${given}`);
}

function attempt<T>(what: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    throw new ServingError('CONFIG_INVALID', `cannot ${what}: ${firstLine(cause)}`, { cause });
  }
}
