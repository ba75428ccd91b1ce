/** Sound from WAV files: a list of parts, each four letters, a length and as many bytes, padded to an even number. */

/** Samples a second. */
export const rate = 16_000;

/** A WAV of 16 kHz, mono, 16 bit → its samples, from -1 to 1. @throws Error for anything else */
export function samplesOf(wav: Uint8Array): Float32Array {
  const bytes = Buffer.from(wav.buffer, wav.byteOffset, wav.byteLength);
  if (bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WAVE')
    throw new Error(`expected the bytes of a WAV file, given ${bytes.length} other bytes`);
  const format = part(bytes, 'fmt ');
  if (format.length < 16) throw new Error(`expected a part 'fmt ' of 16 bytes, given ${format.length}`);
  const [coding, channels, bits] = [format.readUInt16LE(0), format.readUInt16LE(2), format.readUInt16LE(14)];
  const given = format.readUInt32LE(4);
  if (coding !== 1 || channels !== 1 || bits !== 16 || given !== rate)
    throw new Error(
      `expected PCM of ${rate} Hz, 1 channel, 16 bits, given coding ${coding}, ${given} Hz, ${channels} channels, ${bits} bits`,
    );
  const data = part(bytes, 'data');
  return Float32Array.from({ length: data.length >> 1 }, (_, index) => data.readInt16LE(2 * index) / 32768);
}

function part(bytes: Buffer, name: string): Buffer {
  for (let at = 12; at + 8 <= bytes.length;) {
    const [start, length] = [at + 8, bytes.readUInt32LE(at + 4)];
    if (bytes.toString('latin1', at, at + 4) === name) return bytes.subarray(start, start + length);
    at = start + length + (length % 2);
  }
  throw new Error(`expected a WAV file with a part '${name}'`);
}

/** Pieces of so many samples; the last one is filled up with silence. */
export function chunksOf(samples: Float32Array, size: number): Float32Array[] {
  return Array.from({ length: Math.ceil(samples.length / size) }, (_, index) => {
    const chunk = new Float32Array(size);
    chunk.set(samples.subarray(index * size, (index + 1) * size));
    return chunk;
  });
}
