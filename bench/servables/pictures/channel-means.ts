import { Tensor } from '@serving/worker';

/** [channels, height, width] → the mean of each channel. */
export function channelMeans({ shape, data }: Tensor): Tensor {
  const [channels, height, width] = shape as [number, number, number];
  const size = height * width;
  const pixels = data as Float32Array;
  const means = new Float32Array(channels);
  for (let channel = 0; channel < channels; channel++) {
    let sum = 0;
    for (let at = channel * size; at < (channel + 1) * size; at++) sum += pixels[at]!;
    means[channel] = sum / size;
  }
  return new Tensor('float32', [channels], means);
}
