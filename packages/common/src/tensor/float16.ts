/** IEEE 754 half precision, kept as uint16 bit patterns because Node 20 has no Float16Array. */

const floatView = new Float32Array(1);
const bitsView = new Uint32Array(floatView.buffer);

/** The bit pattern nearest to `value`, ties to even (IEEE 754 §4.3.1); NaN stays NaN, overflow becomes ±Infinity. */
export function float16Bits(value: number): number {
  // Rounding double → single first would round twice and break ties wrongly, so the bits that single precision
  // drops are folded into its lowest bit ("round to odd").
  floatView[0] = value;
  const single = floatView[0];
  let bits = bitsView[0]!;
  if (Number.isFinite(single) && single !== value && (bits & 1) === 0) bits = towardsOdd(bits, single, value);
  return fromSingleBits(bits);
}

function towardsOdd(bits: number, single: number, value: number): number {
  return Math.abs(single) < Math.abs(value) ? bits + 1 : bits - 1;
}

function fromSingleBits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const exponent = (bits >>> 23) & 0xff;
  const mantissa = bits & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (mantissa === 0 ? 0 : 0x200 | (mantissa >>> 13));
  const rebased = exponent - 112;
  if (rebased >= 31) return sign | 0x7c00;
  if (rebased > 0) return sign | roundedShift((rebased << 23) | mantissa, 13);
  if (rebased < -10) return sign;
  return sign | roundedShift(mantissa | 0x800000, 14 - rebased);
}

function roundedShift(value: number, shift: number): number {
  const kept = value >>> shift;
  const rest = value & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return rest > half || (rest === half && (kept & 1) === 1) ? kept + 1 : kept;
}

/** The number a bit pattern stands for. */
export function float16Value(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  if (exponent === 31) return mantissa === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}
