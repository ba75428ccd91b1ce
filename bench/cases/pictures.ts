/** P: pre-processing that takes some milliseconds an instance: what a second executor brings. */
import { decodeImage } from '@serving/worker';
import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import type { BenchCase, Side } from '../case.ts';
import { predictWorkload } from '../load/predict-workload.ts';
import { instanceFigures, servedSide } from '../load/served-side.ts';
import { channelMeans } from '../servables/pictures/channel-means.ts';
import { packedHeight, packedWidth, unpack } from '../servables/pictures/unpack.ts';
import { startLightweight } from '../servers/servers.ts';

/** A picture whose neighbours are alike, as those of photographs are. */
function pixels(): Uint8Array {
  const bytes = new Uint8Array(packedWidth * packedHeight * 3);
  for (let at = 0; at < bytes.length; at++) {
    const [x, y] = [Math.floor(at / 3) % packedWidth, Math.floor(at / 3 / packedWidth)];
    bytes[at] = 128 + 90 * Math.sin(x / 40 + (at % 3)) * Math.cos(y / 30) + ((x * 7 + y * 13) % 8);
  }
  return bytes;
}

interface Picture {
  readonly method: 'unpack' | 'decode';
  readonly bytes: () => Promise<Uint8Array>;
  /** What the servable's methods do, in this process. */
  readonly means: (bytes: Uint8Array) => Promise<Float32Array>;
}

const packed: Picture = {
  method: 'unpack',
  bytes: () => Promise.resolve(deflateSync(pixels())),
  means: (bytes) => Promise.resolve(channelMeans(unpack(bytes)).data as Float32Array),
};

const jpeg: Picture = {
  method: 'decode',
  bytes: () =>
    sharp(pixels(), { raw: { width: packedWidth, height: packedHeight, channels: 3 } })
      .jpeg()
      .toBuffer(),
  means: async (bytes) => {
    const decode = decodeImage({ width: 224, height: 224 });
    return channelMeans(await decode(bytes)).data as Float32Array;
  },
};

function picturesSide(name: string, { method, bytes, means }: Picture, executors: number): Side {
  return {
    name,
    start: async (bench) => {
      const picture = await bytes();
      const output = { name: 'y', shape: [3], elements: await means(picture) };
      const prediction = { servable: 'pictures', method, inputs: { picture }, output };
      const workload = {
        ...predictWorkload(prediction, { connections: 1, streams: 16 }),
        warmUpRequests: 300,
      };
      // Small batches: with large ones, few of them would end within a run, and few executors find work.
      const options = ['--executors', String(executors), '--max-batch-size', '4'];
      const side = servedSide(name, workload, ({ children }) =>
        startLightweight(children, { servable: 'pictures', directory: 'bench/servables', options }),
      );
      return side.start(bench);
    },
  };
}

function picturesCase(name: string, title: string, picture: Picture): BenchCase {
  return {
    name,
    title,
    seconds: 2,
    figures: instanceFigures(null),
    ours: picturesSide('two executors', picture, 2),
    base: picturesSide('one executor', picture, 1),
  };
}

export const packedPictures = picturesCase(
  'P1',
  'a function stage of some milliseconds on its own thread: inflates a picture of 640×480 and resizes it to 224×224; 1 instance a request, 16 in flight, batches of 4',
  packed,
);

export const jpegPictures = picturesCase(
  'P2',
  'the same with decodeImage and a JPEG, which the threads of libvips decode beside the executor: one executor is not one core there',
  jpeg,
);
