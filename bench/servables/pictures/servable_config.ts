import { addStage, decodeImage, registerMethod } from '@serving/worker';
import { channelMeans } from './channel-means.ts';
import { unpack } from './unpack.ts';

// What a model would be given is reduced to three numbers: large replies are not what is measured.

registerMethod('unpack', { inputs: ['picture'], outputs: ['y'] }, (picture) =>
  addStage(channelMeans, [addStage(unpack, [picture])]),
);

const decode = decodeImage({ width: 224, height: 224 });

registerMethod('decode', { inputs: ['picture'], outputs: ['y'] }, (picture) =>
  addStage(channelMeans, [addStage(decode, [picture])]),
);
